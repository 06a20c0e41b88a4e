//! Arguments of the learning rate schedulers (`--lr-scheduler-kwargs`), one struct each, named as in Transformers.

use anyhow::{Context, bail, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Reads the arguments of one scheduler from a JSON object.
pub(super) fn parse<T: DeserializeOwned>(kwargs: &str) -> anyhow::Result<T> {
    let kwargs: Value = serde_json::from_str(kwargs).context("not JSON")?;
    ensure!(kwargs.is_object(), "expected a JSON object");
    Ok(serde_json::from_value(kwargs)?)
}

/// The shape of a warmup or a decay.
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

/// The arguments of `reduce_lr_on_plateau`.
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
    /// Without it what is better for the best model is better here; in Transformers less is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<PlateauMode>,
}

/// Whether a metric has to fall or to rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PlateauMode {
    Min,
    Max,
}

/// Whether the threshold of a plateau is relative to the best value or an absolute difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ThresholdMode {
    Rel,
    Abs,
}

impl Default for Plateau {
    fn default() -> Self {
        let threshold_mode = ThresholdMode::Rel;
        let (cooldown, mode) = (0, None);
        Self { factor: 0.1, patience: 10, threshold: 1e-4, threshold_mode, cooldown, min_lr: 0.0, eps: 1e-8, mode }
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
pub(super) struct NoKwargs {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CosineKwargs {
    #[serde(default = "half")]
    pub(super) num_cycles: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MinLrKwargs {
    #[serde(default = "half")]
    pub(super) num_cycles: f64,
    pub(super) min_lr: Option<f64>,
    pub(super) min_lr_rate: Option<f64>,
    pub(super) warmup_lr_rate: Option<f64>,
}

impl MinLrKwargs {
    /// The lowest learning rate as a fraction of the highest.
    pub(super) fn min_lr_rate(&self, learning_rate: f64) -> anyhow::Result<f64> {
        let min_lr_rate = match (self.min_lr, self.min_lr_rate) {
            (Some(min_lr), None) => min_lr / learning_rate,
            (None, Some(min_lr_rate)) => min_lr_rate,
            _ => bail!("expected either min_lr or min_lr_rate"),
        };
        ensure!((0.0..=1.0).contains(&min_lr_rate), "the lowest learning rate is not between 0 and --learning-rate");
        ensure!(
            self.warmup_lr_rate.is_none_or(|rate| (0.0..=1.0).contains(&rate)),
            "warmup_lr_rate is not between 0 and 1"
        );
        Ok(min_lr_rate)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RestartsKwargs {
    #[serde(default = "once")]
    pub(super) num_cycles: f64,
}

fn once() -> f64 {
    1.0
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PolynomialKwargs {
    pub(super) power: f64,
    pub(super) lr_end: f64,
}

impl Default for PolynomialKwargs {
    fn default() -> Self {
        Self { power: 1.0, lr_end: 1e-7 }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct InverseSqrtKwargs {
    pub(super) timescale: Option<u64>,
}
