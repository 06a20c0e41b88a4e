//! The log of a trial, as `bert-finetune` writes it: `train/log.jsonl`.
//!
//! Of its lines only what every version has is read: the event, the step, and figures whose names begin with `eval_`.
//! A last line that is not whole belongs to a run that was killed; it will write it again.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

/// Figures by their names, without `eval_`.
pub(crate) type Figures = BTreeMap<String, f64>;

/// What a trial has done so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct RunLog {
    pub(crate) evaluations: Vec<Evaluation>,
    /// The last step that any line tells of.
    pub(crate) steps: u64,
    /// Whether all steps are done.
    pub(crate) ended: bool,
}

/// One look at the validation split.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Evaluation {
    pub(crate) step: u64,
    pub(crate) epoch: f64,
    pub(crate) figures: Figures,
    /// Whether the weights of this step were kept.
    pub(crate) best: bool,
}

impl RunLog {
    /// Reads the log of a run folder; one that has not begun has an empty log.
    pub(crate) fn read(train: &Path) -> anyhow::Result<Self> {
        let path = train.join("log.jsonl");
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            text => Ok(Self::parse(&text.with_context(|| format!("cannot read {}", path.display()))?)),
        }
    }

    fn parse(text: &str) -> Self {
        let mut log = Self::default();
        for event in text.lines().map_while(|line| serde_json::from_str::<Value>(line).ok()) {
            log.steps = event["step"].as_u64().unwrap_or(log.steps).max(log.steps);
            match event["event"].as_str() {
                Some("evaluate") => log.evaluations.push(Evaluation::of(&event)),
                Some("end") => log.ended = true,
                _ => {}
            }
        }
        log
    }

    /// The evaluation whose weights were kept, of those up to a step.
    pub(crate) fn kept(&self, up_to: u64) -> Option<&Evaluation> {
        self.evaluations.iter().rfind(|evaluation| evaluation.best && evaluation.step <= up_to)
    }

    /// Whether the trial went as far as this step, and was evaluated there.
    pub(crate) fn reached(&self, step: u64) -> bool {
        self.ended || self.evaluations.iter().any(|evaluation| evaluation.step >= step)
    }
}

impl Evaluation {
    fn of(event: &Value) -> Self {
        let fields = event.as_object().into_iter().flatten();
        let figure = |(name, value): (&String, &Value)| Some((name.strip_prefix("eval_")?.to_owned(), value.as_f64()?));
        Self {
            step: event["step"].as_u64().unwrap_or_default(),
            epoch: event["epoch"].as_f64().unwrap_or_default(),
            figures: fields.filter_map(figure).collect(),
            best: event["best"] == true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = r#"{"event":"begin","train_rows":40,"steps_per_epoch":7,"total_steps":21,"warmup_steps":0}
{"event":"train","step":3,"epoch":0.4,"loss":0.7,"learning_rate":0.1,"grad_norm":1.0}
{"event":"evaluate","step":7,"epoch":1.0,"eval_loss":0.6,"eval_accuracy":0.75,"best":true}
{"event":"evaluate","step":14,"epoch":2.0,"eval_loss":0.7,"eval_accuracy":0.70,"best":false}
{"event":"evaluate","step":21,"epoch":3.0,"eval_loss":0.5,"eval_accuracy":0.80,"best":true}
{"event":"end","step":21,"best_step":21}
"#;

    #[test]
    fn the_kept_figures_are_those_of_the_last_best() {
        let log = RunLog::parse(LOG);
        assert_eq!((log.steps, log.ended, log.evaluations.len()), (21, true, 3));
        assert_eq!(log.kept(20).unwrap().step, 7);
        assert_eq!(log.kept(21).unwrap().figures["accuracy"], 0.80);
        assert!(log.kept(6).is_none());
    }

    #[test]
    fn a_line_that_was_cut_is_not_there_yet() {
        let cut = &LOG[..LOG.find("0.70").unwrap()];
        let log = RunLog::parse(cut);
        assert_eq!((log.steps, log.ended, log.evaluations.len()), (7, false, 1));
        assert!(log.reached(7) && !log.reached(8));
    }

    #[test]
    fn a_run_that_has_not_begun_has_an_empty_log() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(RunLog::read(folder.path()).unwrap(), RunLog::default());
    }
}
