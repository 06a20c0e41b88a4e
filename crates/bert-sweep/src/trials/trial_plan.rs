//! How long a trial is, and where it can be judged: what `bert-finetune --plan` says of it, kept as `plan.json`.

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::Value;

/// The steps of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length {
    pub(crate) train_rows: u64,
    pub(crate) steps_per_epoch: u64,
    pub(crate) total_steps: u64,
    /// Steps from one evaluation to the next.
    pub(crate) evaluation_steps: u64,
}

#[derive(Deserialize)]
struct Plan {
    eval_strategy: Value,
    counts: Counts,
}

#[derive(Deserialize)]
struct Counts {
    train_rows: u64,
    steps_per_epoch: u64,
    total_steps: u64,
}

impl Length {
    /// Reads what `--plan` prints.
    pub(crate) fn parse(plan: &[u8]) -> anyhow::Result<Self> {
        let Plan { eval_strategy, counts } = serde_json::from_slice(plan).context("not the plan of a bert-finetune")?;
        let evaluation_steps = match (&eval_strategy, eval_strategy["every_steps"].as_u64()) {
            (_, Some(steps)) if steps > 0 => steps,
            (Value::String(name), _) if name == "each_epoch" => counts.steps_per_epoch,
            _ => bail!(
                "it is never evaluated; a trial is judged by the validation split, so leave --eval-strategy at epoch or steps"
            ),
        };
        let Counts { train_rows, steps_per_epoch, total_steps } = counts;
        Ok(Self { train_rows, steps_per_epoch, total_steps, evaluation_steps })
    }

    /// Where a trial is judged that should have done a share of its steps: at the first evaluation from there on.
    pub(crate) fn rung(&self, share: f64) -> u64 {
        // A share such as 3 * 0.1 of 10 steps is meant to be 3, not 4.
        let wanted = (share * self.total_steps as f64 - 1e-9).ceil() as u64;
        (wanted.max(1).div_ceil(self.evaluation_steps) * self.evaluation_steps).min(self.total_steps)
    }

    /// Sentences that so many steps train on, repeats counted: the measure of compute.
    pub(crate) fn sentences(&self, steps: u64) -> f64 {
        steps as f64 * self.train_rows as f64 / self.steps_per_epoch as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(strategy: &str) -> anyhow::Result<Length> {
        let counts = r#"{"train_rows": 40, "batches_per_epoch": 10, "steps_per_epoch": 10, "total_steps": 30}"#;
        Length::parse(format!(r#"{{"seed": 1, "eval_strategy": {strategy}, "counts": {counts}}}"#).as_bytes())
    }

    #[test]
    fn a_rung_is_the_first_evaluation_from_its_share_on() {
        let rungs = |strategy: &str| [0.1, 0.34, 0.5, 1.0].map(|share| length(strategy).unwrap().rung(share));
        assert_eq!(rungs("\"each_epoch\""), [10, 20, 20, 30]);
        assert_eq!(rungs("{\"every_steps\": 3}"), [3, 12, 15, 30]);
        assert_eq!(rungs("{\"every_steps\": 100}"), [30, 30, 30, 30], "the last step is evaluated too");
    }

    #[test]
    fn compute_is_counted_in_sentences() {
        assert_eq!(length("\"each_epoch\"").unwrap().sentences(15), 60.0);
    }

    #[test]
    fn a_trial_that_is_never_evaluated_is_refused() {
        assert!(length("\"never\"").unwrap_err().to_string().starts_with("it is never evaluated"));
    }
}
