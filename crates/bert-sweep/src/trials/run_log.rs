//! Progress of a trial, read from the training log that `bert-finetune` writes: steps done, evaluations, and the end.

use std::collections::BTreeMap;
use std::path::Path;

use run_files::layout::train::LOG;
use run_files::log::{self, Event};

/// Metrics of the validation split by their names, without `eval_`.
pub(crate) type Metrics = BTreeMap<String, f64>;

/// What a trial has done so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct RunLog {
    pub(crate) evaluations: Vec<Evaluation>,
    /// The last step that was logged.
    pub(crate) steps: u64,
    /// Whether all steps are done.
    pub(crate) ended: bool,
}

/// One evaluation of the validation split.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Evaluation {
    pub(crate) step: u64,
    pub(crate) epoch: f64,
    pub(crate) metrics: Metrics,
    /// Whether it was the best so far, so that its weights were kept.
    pub(crate) is_best: bool,
}

impl RunLog {
    /// Reads the log of a run folder; one that has not begun has an empty log.
    pub(crate) fn read(train: &Path) -> anyhow::Result<Self> {
        Ok(Self::new(&log::read_unfinished(&train.join(LOG))?))
    }

    fn new(events: &[Event]) -> Self {
        let mut log = Self::default();
        for event in events {
            log.steps = event.step().unwrap_or_default().max(log.steps);
            match event {
                Event::Evaluate { step, epoch, figures, best } => {
                    let metrics = figures.figures().map(|(name, value)| (name.to_owned(), value)).collect();
                    log.evaluations.push(Evaluation { step: *step, epoch: *epoch, metrics, is_best: *best });
                }
                Event::End { .. } => log.ended = true,
                Event::Begin { .. } | Event::Train { .. } | Event::Warning { .. } => {}
            }
        }
        log
    }

    /// The evaluation whose weights are kept, of those up to a step.
    pub(crate) fn best_up_to(&self, step: u64) -> Option<&Evaluation> {
        self.evaluations.iter().rfind(|evaluation| evaluation.is_best && evaluation.step <= step)
    }

    /// Whether the trial went as far as this step, and was evaluated there.
    pub(crate) fn reached(&self, step: u64) -> bool {
        self.ended || self.evaluations.iter().any(|evaluation| evaluation.step >= step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events() -> Vec<Event> {
        let evaluate = |step, epoch, accuracy, best| {
            let figures = log::Evaluation { eval_loss: 0.6, eval_accuracy: Some(accuracy), ..Default::default() };
            Event::Evaluate { step, epoch, figures, best }
        };
        vec![
            Event::Begin { train_rows: 40, steps_per_epoch: 7, total_steps: 21, warmup_steps: 0 },
            Event::Train { step: 3, epoch: 0.4, loss: 0.7, learning_rate: 0.1, grad_norm: 1.0 },
            evaluate(7, 1.0, 0.75, true),
            evaluate(14, 2.0, 0.70, false),
            evaluate(21, 3.0, 0.80, true),
            Event::End { step: 21, best_step: 21, stopped_early: false },
        ]
    }

    #[test]
    fn the_best_evaluation_is_the_last_that_was_the_best_so_far() {
        let log = RunLog::new(&events());
        assert_eq!((log.steps, log.ended, log.evaluations.len()), (21, true, 3));
        assert_eq!(log.best_up_to(20).unwrap().step, 7);
        assert_eq!(
            log.best_up_to(21).unwrap().metrics,
            Metrics::from([("loss".to_owned(), 0.6), ("accuracy".to_owned(), 0.80)])
        );
        assert!(log.best_up_to(6).is_none());
    }

    #[test]
    fn a_run_that_goes_on_has_reached_its_last_evaluation() {
        let log = RunLog::new(&events()[..3]);
        assert_eq!((log.steps, log.ended, log.evaluations.len()), (7, false, 1));
        assert!(log.reached(7) && !log.reached(8));
    }

    #[test]
    fn a_run_that_has_not_begun_has_an_empty_log() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(RunLog::read(folder.path()).unwrap(), RunLog::default());
    }
}
