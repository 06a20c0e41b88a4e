//! Learning rate schedule: one variant for each scheduler of Transformers, with its own arguments, and the warmup.

use anyhow::ensure;
use clap::ValueEnum;
use serde::Serialize;
use stage::{bad_input, bail_input, ensure_input};

use super::scheduler_kwargs::{
    CosineKwargs, InverseSqrtKwargs, MinLrKwargs, NoKwargs, Plateau, PolynomialKwargs, RestartsKwargs, StableDecay,
    parse,
};

/// Learning rate schedule and warmup.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Learning rate schedule")]
pub struct ScheduleArgs {
    /// Learning rate schedule
    #[arg(long, value_enum, default_value_t = SchedulerType::Linear, value_name = "TYPE")]
    pub lr_scheduler_type: SchedulerType,

    /// Scheduler arguments as a JSON object, named as in Transformers: '{"num_cycles": 2}'
    #[arg(long, value_name = "JSON")]
    pub lr_scheduler_kwargs: Option<String>,

    /// Fraction of all steps over which the learning rate warms up
    #[arg(long, default_value_t = 0.0, value_name = "FRACTION")]
    pub warmup_ratio: f64,

    /// Steps over which the learning rate warms up; overrides --warmup-ratio
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub warmup_steps: u64,
}

/// The schedulers, named as in Transformers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum SchedulerType {
    /// Linear decay to 0.
    Linear,
    /// Half a cosine down to 0; num_cycles.
    Cosine,
    /// Cosine decay with hard restarts; num_cycles.
    CosineWithRestarts,
    /// Polynomial decay to lr_end; power, lr_end.
    Polynomial,
    /// Constant, without warmup.
    Constant,
    /// Constant after the warmup.
    ConstantWithWarmup,
    /// Inverse square root decay; timescale.
    InverseSqrt,
    /// Multiplied by factor whenever the metric has not improved for patience evaluations.
    ReduceLrOnPlateau,
    /// Half a cosine down to min_lr or min_lr_rate; num_cycles.
    CosineWithMinLr,
    /// The same, one step ahead, with a warmup from warmup_lr_rate; num_cycles, min_lr or min_lr_rate.
    CosineWarmupWithMinLr,
    /// Warmup, constant, decay; num_decay_steps, num_stable_steps, warmup_type, decay_type, min_lr_ratio, num_cycles.
    WarmupStableDecay,
}

/// A scheduler with its arguments; rates are fractions of the highest learning rate.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "lr_scheduler_type", rename_all = "snake_case")]
pub(crate) enum Schedule {
    Linear,
    Cosine { num_cycles: f64, min_lr_rate: f64 },
    CosineWarmupWithMinLr { num_cycles: f64, min_lr_rate: f64, warmup_lr_rate: Option<f64> },
    CosineWithRestarts { num_cycles: f64 },
    Polynomial { power: f64, lr_end_rate: f64 },
    Constant,
    ConstantWithWarmup,
    InverseSqrt { timescale: Option<u64> },
    ReduceLrOnPlateau(Plateau),
    WarmupStableDecay(StableDecay),
}

/// How long the learning rate rises; `warmup_steps`, unless 0, override `warmup_ratio`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Warmup {
    pub(crate) warmup_ratio: f64,
    pub(crate) warmup_steps: u64,
}

impl Warmup {
    pub(crate) fn resolve(args: &ScheduleArgs) -> anyhow::Result<Self> {
        let warmup = Self { warmup_ratio: args.warmup_ratio, warmup_steps: args.warmup_steps };
        let ratio = warmup.warmup_ratio;
        ensure_input!((0.0..=1.0).contains(&ratio), "--warmup-ratio is {ratio}; expected 0 to 1");
        let scheduler = args.lr_scheduler_type;
        let has_none = matches!(scheduler, SchedulerType::Constant | SchedulerType::ReduceLrOnPlateau);
        if has_none && (warmup.warmup_steps > 0 || ratio > 0.0) {
            let name = scheduler.name();
            bail_input!("--lr-scheduler-type {name} has no warmup; remove --warmup-steps and --warmup-ratio");
        }
        Ok(warmup)
    }

    /// The warmup's number of steps in a run of `total_steps`.
    pub(crate) fn steps(self, total_steps: u64) -> u64 {
        if self.warmup_steps > 0 { self.warmup_steps } else { (self.warmup_ratio * total_steps as f64).ceil() as u64 }
    }
}

impl SchedulerType {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

impl Schedule {
    pub(crate) fn resolve(args: &ScheduleArgs, learning_rate: f64) -> anyhow::Result<Self> {
        let kwargs = args.lr_scheduler_kwargs.as_deref().unwrap_or("{}");
        let name = args.lr_scheduler_type.name();
        Self::with_kwargs(args.lr_scheduler_type, kwargs, learning_rate)
            .map_err(|problem| bad_input!("--lr-scheduler-kwargs {kwargs} of {name}: {problem:#}"))
    }

    fn with_kwargs(kind: SchedulerType, kwargs: &str, learning_rate: f64) -> anyhow::Result<Self> {
        use SchedulerType as Type;
        Ok(match kind {
            Type::Linear => parse::<NoKwargs>(kwargs).map(|_| Self::Linear)?,
            Type::Constant => parse::<NoKwargs>(kwargs).map(|_| Self::Constant)?,
            Type::ConstantWithWarmup => parse::<NoKwargs>(kwargs).map(|_| Self::ConstantWithWarmup)?,
            Type::Cosine => Self::Cosine { num_cycles: parse::<CosineKwargs>(kwargs)?.num_cycles, min_lr_rate: 0.0 },
            Type::CosineWithMinLr => {
                let min_lr: MinLrKwargs = parse(kwargs)?;
                ensure!(min_lr.warmup_lr_rate.is_none(), "warmup_lr_rate requires cosine_warmup_with_min_lr");
                Self::Cosine { num_cycles: min_lr.num_cycles, min_lr_rate: min_lr.min_lr_rate(learning_rate)? }
            }
            Type::CosineWarmupWithMinLr => {
                let min_lr: MinLrKwargs = parse(kwargs)?;
                let (num_cycles, warmup_lr_rate) = (min_lr.num_cycles, min_lr.warmup_lr_rate);
                Self::CosineWarmupWithMinLr {
                    num_cycles,
                    min_lr_rate: min_lr.min_lr_rate(learning_rate)?,
                    warmup_lr_rate,
                }
            }
            Type::CosineWithRestarts => {
                Self::CosineWithRestarts { num_cycles: parse::<RestartsKwargs>(kwargs)?.num_cycles }
            }
            Type::Polynomial => {
                let PolynomialKwargs { power, lr_end } = parse(kwargs)?;
                ensure!(power > 0.0, "power is {power}; expected more than 0");
                ensure!((0.0..learning_rate).contains(&lr_end), "lr_end is not between 0 and --learning-rate");
                Self::Polynomial { power, lr_end_rate: lr_end / learning_rate }
            }
            Type::InverseSqrt => {
                let timescale = parse::<InverseSqrtKwargs>(kwargs)?.timescale;
                ensure!(timescale != Some(0), "timescale is 0");
                Self::InverseSqrt { timescale }
            }
            Type::ReduceLrOnPlateau => {
                let plateau: Plateau = parse(kwargs)?;
                ensure!((0.0..1.0).contains(&plateau.factor), "factor is not between 0 and 1");
                let least = plateau.min_lr.min(plateau.threshold).min(plateau.eps);
                ensure!(least >= 0.0, "min_lr, threshold or eps is {least}; expected 0 or more");
                Self::ReduceLrOnPlateau(plateau)
            }
            Type::WarmupStableDecay => {
                let shape: StableDecay = parse(kwargs)?;
                ensure!((0.0..=1.0).contains(&shape.min_lr_ratio), "min_lr_ratio is not between 0 and 1");
                Self::WarmupStableDecay(shape)
            }
        })
    }
}
