//! How the learning rate moves: one variant for each scheduler of the reference, with its own arguments.

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How the learning rate moves.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Learning rate schedule")]
pub struct ScheduleArgs {
    /// How the learning rate moves
    #[arg(long, value_enum, default_value_t = SchedulerType::Linear, value_name = "TYPE")]
    pub lr_scheduler_type: SchedulerType,

    /// Arguments of the scheduler as a JSON object, by the reference's names: '{"num_cycles": 2}'
    #[arg(long, value_name = "JSON")]
    pub lr_scheduler_kwargs: Option<String>,

    /// Share of the steps in which the learning rate rises
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    pub warmup_ratio: f64,

    /// Steps in which the learning rate rises; wins over the ratio
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub warmup_steps: u64,
}

/// The schedulers, by the reference's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum SchedulerType {
    /// Down to zero in a straight line.
    Linear,
    /// Down to zero along half a cosine; num_cycles.
    Cosine,
    /// Down along a cosine and up again with a jump; num_cycles.
    CosineWithRestarts,
    /// Down to lr_end by a power; power, lr_end.
    Polynomial,
    /// Full from the first step.
    Constant,
    /// Up through the warm-up, then full.
    ConstantWithWarmup,
    /// Down with the root of the steps; timescale.
    InverseSqrt,
    /// Times factor whenever the metric has not become better for patience evaluations.
    ReduceLrOnPlateau,
    /// Down along half a cosine to min_lr or min_lr_rate; num_cycles.
    CosineWithMinLr,
    /// The same one step ahead, from warmup_lr_rate on; num_cycles, min_lr or min_lr_rate.
    CosineWarmupWithMinLr,
    /// Up, flat, down: num_decay_steps; num_stable_steps, warmup_type, decay_type, min_lr_ratio, num_cycles.
    WarmupStableDecay,
}

/// A scheduler with its arguments, rates as shares of the highest.
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

/// The shape of a rise or a fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ramp {
    #[serde(rename = "linear")]
    Linear,
    #[serde(rename = "cosine")]
    Cosine,
    #[serde(rename = "1-sqrt")]
    OneMinusSqrt,
}

/// The arguments of `warmup_stable_decay`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StableDecay {
    pub(crate) num_decay_steps: u64,
    pub(crate) num_stable_steps: Option<u64>,
    #[serde(default = "linear")]
    pub(crate) warmup_type: Ramp,
    #[serde(default = "cosine")]
    pub(crate) decay_type: Ramp,
    #[serde(default)]
    pub(crate) min_lr_ratio: f64,
    #[serde(default = "half")]
    pub(crate) num_cycles: f64,
}

/// The arguments of `reduce_lr_on_plateau`. Whether less is better follows from the metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Plateau {
    pub(crate) factor: f64,
    pub(crate) patience: u64,
    pub(crate) threshold: f64,
    pub(crate) threshold_mode: ThresholdMode,
    pub(crate) cooldown: u64,
    pub(crate) min_lr: f64,
    pub(crate) eps: f64,
}

/// Whether the threshold of a plateau is a share of the best value or a difference to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ThresholdMode {
    Rel,
    Abs,
}

impl Default for Plateau {
    fn default() -> Self {
        let threshold_mode = ThresholdMode::Rel;
        Self { factor: 0.1, patience: 10, threshold: 1e-4, threshold_mode, cooldown: 0, min_lr: 0.0, eps: 1e-8 }
    }
}

fn linear() -> Ramp {
    Ramp::Linear
}
fn cosine() -> Ramp {
    Ramp::Cosine
}
fn half() -> f64 {
    0.5
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfCosine {
    #[serde(default = "half")]
    num_cycles: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfMinLr {
    #[serde(default = "half")]
    num_cycles: f64,
    min_lr: Option<f64>,
    min_lr_rate: Option<f64>,
    warmup_lr_rate: Option<f64>,
}

impl OfMinLr {
    /// The lowest rate as a share of the highest.
    fn lowest(&self, learning_rate: f64) -> anyhow::Result<f64> {
        let share = match (self.min_lr, self.min_lr_rate) {
            (Some(rate), None) => rate / learning_rate,
            (None, Some(share)) => share,
            _ => bail!("expected one of min_lr and min_lr_rate"),
        };
        ensure!((0.0..=1.0).contains(&share), "the lowest rate is not between 0 and --learning-rate");
        ensure!(
            self.warmup_lr_rate.is_none_or(|share| (0.0..=1.0).contains(&share)),
            "warmup_lr_rate is not between 0 and 1"
        );
        Ok(share)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfRestarts {
    #[serde(default = "once")]
    num_cycles: u32,
}

fn once() -> u32 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OfPolynomial {
    power: f64,
    lr_end: f64,
}

impl Default for OfPolynomial {
    fn default() -> Self {
        Self { power: 1.0, lr_end: 1e-7 }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct OfInverseSqrt {
    timescale: Option<u64>,
}

impl Schedule {
    pub(crate) fn resolve(args: &ScheduleArgs, learning_rate: f64) -> anyhow::Result<Self> {
        let ratio = args.warmup_ratio;
        ensure!((0.0..=1.0).contains(&ratio), "--warmup-ratio is {ratio}; expected 0 to 1");
        let kind = args.lr_scheduler_type;
        let name = kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        let warms_up = args.warmup_steps > 0 || ratio > 0.0;
        if warms_up && matches!(kind, SchedulerType::Constant | SchedulerType::ReduceLrOnPlateau) {
            bail!("--lr-scheduler-type {name} has no warm-up; leave out --warmup-steps and --warmup-ratio");
        }
        let kwargs = args.lr_scheduler_kwargs.as_deref().unwrap_or("{}");
        Self::with_kwargs(kind, kwargs, learning_rate)
            .with_context(|| format!("--lr-scheduler-kwargs {kwargs} of {name}"))
    }

    fn with_kwargs(kind: SchedulerType, kwargs: &str, learning_rate: f64) -> anyhow::Result<Self> {
        use SchedulerType as Type;
        let kwargs: Value = serde_json::from_str(kwargs).context("not JSON")?;
        ensure!(kwargs.is_object(), "expected a JSON object");
        Ok(match kind {
            Type::Linear => of::<Nothing>(kwargs).map(|_| Self::Linear)?,
            Type::Constant => of::<Nothing>(kwargs).map(|_| Self::Constant)?,
            Type::ConstantWithWarmup => of::<Nothing>(kwargs).map(|_| Self::ConstantWithWarmup)?,
            Type::Cosine => Self::Cosine { num_cycles: of::<OfCosine>(kwargs)?.num_cycles, min_lr_rate: 0.0 },
            Type::CosineWithMinLr => {
                let min_lr: OfMinLr = of(kwargs)?;
                ensure!(min_lr.warmup_lr_rate.is_none(), "warmup_lr_rate goes with cosine_warmup_with_min_lr");
                Self::Cosine { num_cycles: min_lr.num_cycles, min_lr_rate: min_lr.lowest(learning_rate)? }
            }
            Type::CosineWarmupWithMinLr => {
                let min_lr: OfMinLr = of(kwargs)?;
                let (num_cycles, warmup_lr_rate) = (min_lr.num_cycles, min_lr.warmup_lr_rate);
                Self::CosineWarmupWithMinLr { num_cycles, min_lr_rate: min_lr.lowest(learning_rate)?, warmup_lr_rate }
            }
            Type::CosineWithRestarts => {
                Self::CosineWithRestarts { num_cycles: f64::from(of::<OfRestarts>(kwargs)?.num_cycles) }
            }
            Type::Polynomial => {
                let OfPolynomial { power, lr_end } = of(kwargs)?;
                ensure!(power > 0.0, "power is {power}; expected more than 0");
                ensure!((0.0..learning_rate).contains(&lr_end), "lr_end is not between 0 and --learning-rate");
                Self::Polynomial { power, lr_end_rate: lr_end / learning_rate }
            }
            Type::InverseSqrt => {
                let timescale = of::<OfInverseSqrt>(kwargs)?.timescale;
                ensure!(timescale != Some(0), "timescale is 0");
                Self::InverseSqrt { timescale }
            }
            Type::ReduceLrOnPlateau => {
                let plateau: Plateau = of(kwargs)?;
                ensure!((0.0..1.0).contains(&plateau.factor), "factor is not between 0 and 1");
                let least = plateau.min_lr.min(plateau.threshold).min(plateau.eps);
                ensure!(least >= 0.0, "min_lr, threshold or eps is {least}; expected 0 or more");
                Self::ReduceLrOnPlateau(plateau)
            }
            Type::WarmupStableDecay => {
                let shape: StableDecay = of(kwargs)?;
                ensure!((0.0..=1.0).contains(&shape.min_lr_ratio), "min_lr_ratio is not between 0 and 1");
                Self::WarmupStableDecay(shape)
            }
        })
    }
}

fn of<T: DeserializeOwned>(kwargs: Value) -> anyhow::Result<T> {
    Ok(serde_json::from_value(kwargs)?)
}
