//! What the loss is.

use anyhow::{Context, bail, ensure};
use serde::Serialize;

use super::checks::{at_least_zero, share};

/// The loss.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Loss")]
pub struct ObjectiveArgs {
    /// Share of the target that is spread over all classes
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    pub label_smoothing_factor: f64,

    /// Weight of each class: auto (rows / (classes * rows of the class)) or a list such as 1,2.5
    #[arg(long, value_name = "WEIGHTS")]
    pub class_weights: Option<String>,

    /// Focal loss: the loss of a row is multiplied by (1 - p)^GAMMA of its true class; 0: not
    #[arg(long, default_value_t = 0.0, value_name = "GAMMA")]
    pub focal_loss_gamma: f64,
}

/// [`ObjectiveArgs`], valid.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ObjectivePlan {
    pub(crate) label_smoothing_factor: f64,
    pub(crate) class_weights: ClassWeights,
    pub(crate) focal_loss_gamma: f64,
}

/// How much each class counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClassWeights {
    Equal,
    Auto,
    #[serde(untagged)]
    Given(Vec<f64>),
}

impl ObjectivePlan {
    pub(crate) fn resolve(args: &ObjectiveArgs) -> anyhow::Result<Self> {
        share("label-smoothing-factor", args.label_smoothing_factor)?;
        at_least_zero("focal-loss-gamma", args.focal_loss_gamma)?;
        let class_weights = match args.class_weights.as_deref() {
            None => ClassWeights::Equal,
            Some("auto") => ClassWeights::Auto,
            Some(list) => ClassWeights::Given(weights(list)?),
        };
        Ok(Self {
            label_smoothing_factor: args.label_smoothing_factor,
            class_weights,
            focal_loss_gamma: args.focal_loss_gamma,
        })
    }

    /// Whether the objective fits what is learned: nothing here has a meaning for scores.
    pub(crate) fn check(&self, n_classes: Option<usize>) -> anyhow::Result<()> {
        let Some(n_classes) = n_classes else {
            let plain = self.label_smoothing_factor == 0.0
                && self.focal_loss_gamma == 0.0
                && self.class_weights == ClassWeights::Equal;
            if !plain {
                bail!(
                    "--label-smoothing-factor, --class-weights and --focal-loss-gamma need classes; these are scores"
                );
            }
            return Ok(());
        };
        if let ClassWeights::Given(weights) = &self.class_weights {
            let n = weights.len();
            ensure!(n == n_classes, "--class-weights lists {n} weights, but there are {n_classes} classes");
        }
        Ok(())
    }
}

fn weights(list: &str) -> anyhow::Result<Vec<f64>> {
    let weight = |text: &str| -> anyhow::Result<f64> {
        let value: f64 = text.trim().parse().with_context(|| {
            format!("--class-weights is {list}; expected auto, or numbers with commas between them")
        })?;
        ensure!(value.is_finite() && value > 0.0, "--class-weights has {value}; expected more than 0");
        Ok(value)
    };
    list.split(',').map(weight).collect()
}
