//! Optimizer settings: AdamW, Adam, SGD or Adafactor, learning rates, weight decay, gradient clipping.

use bert_kernels::{AdamConstants, UpdateRule};
use clap::ValueEnum;
use serde::Serialize;
use stage::{bail_input, ensure_input};

use super::checks::{at_least_zero, fraction, positive};

/// Optimizer and learning rates.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Optimizer")]
pub struct OptimizerArgs {
    /// The optimizer
    #[arg(long, value_enum, default_value_t = Optim::Adamw, value_name = "NAME")]
    pub optim: Optim,

    /// Highest learning rate
    #[arg(long, default_value_t = 5e-5, value_name = "RATE")]
    pub learning_rate: f64,

    /// Highest learning rate of the classifier; default: --learning-rate
    #[arg(long, value_name = "RATE")]
    pub head_learning_rate: Option<f64>,

    /// Layer-wise decay: a layer's learning rate is that of what is above it times this, from --learning-rate of the pooler down
    /// to the embeddings; 1: off
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR")]
    pub layerwise_lr_decay: f64,

    /// Weight decay of the matrices; decoupled, except for adam and sgd, where it is added to the gradient
    #[arg(long, default_value_t = 0.0, value_name = "RATE")]
    pub weight_decay: f64,

    /// Adam's beta1, the decay of the first moment; default: 0.9
    #[arg(long, value_name = "BETA")]
    pub adam_beta1: Option<f64>,

    /// Adam's beta2, the decay of the second moment; default: 0.999
    #[arg(long, value_name = "BETA")]
    pub adam_beta2: Option<f64>,

    /// Adam's epsilon, added to the square root of the second moment; default: 1e-8
    #[arg(long, value_name = "EPS")]
    pub adam_epsilon: Option<f64>,

    /// Momentum of sgd; default: 0
    #[arg(long, value_name = "MOMENTUM")]
    pub sgd_momentum: Option<f64>,

    /// Maximum L2 norm of the gradient, for clipping; 0: off
    #[arg(long, default_value_t = 1.0, value_name = "NORM")]
    pub max_grad_norm: f64,
}

/// The optimizers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Optim {
    /// Adam with decoupled weight decay.
    #[value(aliases = ["adamw_torch", "adamw_torch_fused"])]
    Adamw,
    /// Adam whose weight decay is part of the gradient.
    Adam,
    /// Stochastic gradient descent, with or without momentum.
    Sgd,
    /// Factored second moments; relative steps and parameter scaling off.
    Adafactor,
}

/// [`OptimizerArgs`], valid.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct OptimizerPlan {
    #[serde(flatten)]
    pub(crate) rule: Rule,
    pub(crate) learning_rate: f64,
    pub(crate) head_learning_rate: Option<f64>,
    pub(crate) layerwise_lr_decay: f64,
    pub(crate) weight_decay: f64,
    pub(crate) max_grad_norm: f64,
}

/// The optimizer with its constants, which are serialized as `optim` and the names of their flags.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Rule {
    Elementwise(UpdateRule),
    Adafactor(Adafactor),
}

/// Adafactor has no constants that can be set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "optim", rename = "adafactor")]
pub(crate) struct Adafactor {}

impl OptimizerPlan {
    pub(crate) fn resolve(args: &OptimizerArgs) -> anyhow::Result<Self> {
        let rule = rule(args)?;
        at_least_zero("learning-rate", args.learning_rate)?;
        args.head_learning_rate.map_or(Ok(()), |rate| at_least_zero("head-learning-rate", rate))?;
        at_least_zero("weight-decay", args.weight_decay)?;
        at_least_zero("max-grad-norm", args.max_grad_norm)?;
        let decay = args.layerwise_lr_decay;
        ensure_input!(
            decay > 0.0 && decay <= 1.0,
            "--layerwise-lr-decay is {decay}; expected more than 0 and at most 1"
        );
        Ok(Self {
            rule,
            learning_rate: args.learning_rate,
            head_learning_rate: args.head_learning_rate,
            layerwise_lr_decay: decay,
            weight_decay: args.weight_decay,
            max_grad_norm: args.max_grad_norm,
        })
    }
}

fn rule(args: &OptimizerArgs) -> anyhow::Result<Rule> {
    let is_adam = matches!(args.optim, Optim::Adamw | Optim::Adam);
    let adam_args = [args.adam_beta1, args.adam_beta2, args.adam_epsilon];
    if !is_adam && adam_args.iter().any(Option::is_some) {
        bail_input!("--adam-beta1, --adam-beta2 and --adam-epsilon require --optim adamw or adam");
    }
    if args.optim != Optim::Sgd && args.sgd_momentum.is_some() {
        bail_input!("--sgd-momentum requires --optim sgd");
    }
    Ok(match args.optim {
        Optim::Adamw => Rule::Elementwise(UpdateRule::Adamw(adam_constants(args)?)),
        Optim::Adam => Rule::Elementwise(UpdateRule::Adam(adam_constants(args)?)),
        Optim::Sgd => {
            let momentum = args.sgd_momentum.unwrap_or(0.0);
            fraction("sgd-momentum", momentum)?;
            Rule::Elementwise(UpdateRule::Sgd { momentum })
        }
        Optim::Adafactor => Rule::Adafactor(Adafactor {}),
    })
}

fn adam_constants(args: &OptimizerArgs) -> anyhow::Result<AdamConstants> {
    let default = AdamConstants::default();
    let beta1 = args.adam_beta1.unwrap_or(default.beta1);
    let beta2 = args.adam_beta2.unwrap_or(default.beta2);
    let eps = args.adam_epsilon.unwrap_or(default.eps);
    fraction("adam-beta1", beta1)?;
    fraction("adam-beta2", beta2)?;
    positive("adam-epsilon", eps)?;
    ensure_input!(eps as f32 > 0.0, "--adam-epsilon is {eps:e}, which is 0 in single precision");
    Ok(AdamConstants { beta1, beta2, eps })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        optimizer: OptimizerArgs,
    }

    /// The plan's JSON is hashed into the key of a run.
    #[test]
    fn the_json_is_that_of_earlier_versions() {
        let json = |flags: &str| {
            let flags = Flags::parse_from(format!("program {flags}").split_whitespace());
            serde_json::to_string(&OptimizerPlan::resolve(&flags.optimizer).unwrap()).unwrap()
        };
        let rates = r#""learning_rate":0.00005,"head_learning_rate":null,"layerwise_lr_decay":1.0,"weight_decay":0.0,"max_grad_norm":1.0}"#;
        let adam = r#""adam_beta1":0.9,"adam_beta2":0.95,"adam_epsilon":1e-8,"#;
        assert_eq!(json("--adam-beta2 0.95"), format!(r#"{{"optim":"adamw",{adam}{rates}"#));
        assert_eq!(json("--optim adam --adam-beta2 0.95"), format!(r#"{{"optim":"adam",{adam}{rates}"#));
        assert_eq!(json("--optim sgd --sgd-momentum 0.5"), format!(r#"{{"optim":"sgd","sgd_momentum":0.5,{rates}"#));
        assert_eq!(json("--optim adafactor"), format!(r#"{{"optim":"adafactor",{rates}"#));
    }
}
