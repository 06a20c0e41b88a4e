//! Loss: label smoothing, class weights, focal loss.

use serde::Serialize;
use stage::{List, bad_input, bail_input, ensure_input};

use super::checks::{at_least_zero, fraction};
use super::problem_type::ProblemType;

/// The loss.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Loss")]
pub struct ObjectiveArgs {
    /// Label smoothing: probability moved from the true class to a uniform distribution over all classes; with class weights
    /// a row is weighted by its true class
    #[arg(long, default_value_t = 0.0, value_name = "FACTOR")]
    pub label_smoothing_factor: f64,

    /// Class weights in the loss, in the order of the labels: auto (rows / (classes * rows of the class), 1 where train has
    /// none) or a list such as 1,2.5. As in PyTorch, a forward pass has the weighted mean of its rows
    #[arg(long, value_name = "A,B,...")]
    pub class_weights: Option<List>,

    /// Focal loss: what the true class adds to each row's loss is multiplied by (1 - p)^GAMMA, p being its probability; what
    /// label smoothing adds is not; 0: off
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
        fraction("label-smoothing-factor", args.label_smoothing_factor)?;
        at_least_zero("focal-loss-gamma", args.focal_loss_gamma)?;
        let class_weights = match &args.class_weights {
            None => ClassWeights::Equal,
            Some(list) if list.items() == ["auto"] => ClassWeights::Auto,
            Some(list) => ClassWeights::Given(weights(list)?),
        };
        Ok(Self {
            label_smoothing_factor: args.label_smoothing_factor,
            class_weights,
            focal_loss_gamma: args.focal_loss_gamma,
        })
    }

    /// Whether a loss near ln(classes) says that nothing was learned: focal loss has another value there, and strong smoothing lets
    /// no loss fall far below.
    pub(crate) fn shows_guessing(&self) -> bool {
        self.focal_loss_gamma == 0.0 && self.label_smoothing_factor <= 0.5
    }

    /// Checks the objective against what is learned: none of these settings has a meaning for regression.
    pub(crate) fn check(&self, problem_type: ProblemType) -> anyhow::Result<()> {
        let ProblemType::Classification { n_classes } = problem_type else {
            let plain = self.label_smoothing_factor == 0.0
                && self.focal_loss_gamma == 0.0
                && self.class_weights == ClassWeights::Equal;
            if !plain {
                bail_input!(
                    "--label-smoothing-factor, --class-weights and --focal-loss-gamma apply to classification, \
                     but the token files hold scores"
                );
            }
            return Ok(());
        };
        if let ClassWeights::Given(weights) = &self.class_weights {
            let n = weights.len();
            ensure_input!(n == n_classes, "--class-weights lists {n} weights, but there are {n_classes} classes");
        }
        Ok(())
    }
}

fn weights(list: &List) -> anyhow::Result<Vec<f64>> {
    let weight = |text: &String| -> anyhow::Result<f64> {
        let value: f64 = text.parse().map_err(|error| {
            bad_input!("--class-weights is {list}; expected auto or comma-separated numbers: {error}")
        })?;
        ensure_input!(value.is_finite() && value > 0.0, "--class-weights has {value}; expected more than 0");
        ensure_input!(
            (1e-30..=1e30).contains(&value),
            "--class-weights has {value:e}, of which single precision cannot hold a sum; expected 1e-30 to 1e30"
        );
        Ok(value)
    };
    list.items().iter().map(weight).collect()
}
