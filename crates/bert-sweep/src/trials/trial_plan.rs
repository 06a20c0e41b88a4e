//! Plan of a trial: its number of steps and where it can be ranked, read from what `bert-finetune --plan` prints
//! (`plan.json`).

use anyhow::Context;
use run_files::plan::{Plan, When};
use stage::bail_input;

/// The steps of a trial, and its evaluations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrialPlan {
    pub(crate) train_rows: u64,
    pub(crate) steps_per_epoch: u64,
    pub(crate) total_steps: u64,
    evaluations: Evaluations,
}

/// After which steps a trial is evaluated, the last besides.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Evaluations {
    Every(u64),
    /// At the ends of epochs that differ in length.
    At(Vec<u64>),
}

impl TrialPlan {
    /// Reads what `--plan` prints.
    pub(crate) fn parse(plan: &[u8]) -> anyhow::Result<Self> {
        let Plan { settings, counts, epoch_ends, .. } = Plan::parse(plan).context("not a plan of bert-finetune")?;
        let evaluations = match settings.eval_strategy {
            When::EverySteps(steps) if steps > 0 => Evaluations::Every(steps),
            When::EachEpoch => epoch_ends.map_or(Evaluations::Every(counts.steps_per_epoch), Evaluations::At),
            When::EverySteps(_) | When::Never => bail_input!(
                "the trial is never evaluated, but trials are ranked on the validation split; \
                 set --eval-strategy to epoch or steps"
            ),
        };
        Ok(Self {
            train_rows: counts.train_rows,
            steps_per_epoch: counts.steps_per_epoch,
            total_steps: counts.total_steps,
            evaluations,
        })
    }

    /// The step at which a trial is ranked for a rung, a fraction of its steps: the first evaluation from there on.
    pub(crate) fn rung(&self, fraction: f64) -> u64 {
        // A fraction such as 3 * 0.1 of 10 steps is meant to be 3, not 4.
        let wanted = ((fraction * self.total_steps as f64 - 1e-9).ceil() as u64).max(1);
        let first = match &self.evaluations {
            Evaluations::Every(steps) => wanted.div_ceil(*steps) * steps,
            Evaluations::At(steps) => steps.iter().copied().find(|&step| step >= wanted).unwrap_or(self.total_steps),
        };
        first.min(self.total_steps)
    }

    /// Training sentences of so many steps, repeats counted: the measure of compute.
    pub(crate) fn sentences(&self, steps: u64) -> f64 {
        steps as f64 * self.train_rows as f64 / self.steps_per_epoch as f64
    }
}

#[cfg(test)]
mod tests {
    use run_files::plan::{Counts, EvaluationSettings, Saving};

    use super::*;

    fn plan(eval_strategy: When) -> anyhow::Result<TrialPlan> {
        plan_of(eval_strategy, None)
    }

    fn plan_of(eval_strategy: When, epoch_ends: Option<Vec<u64>>) -> anyhow::Result<TrialPlan> {
        let counts = Counts {
            train_rows: 40,
            train_texts: None,
            batches_per_epoch: 10,
            steps_per_epoch: 10,
            total_steps: 30,
            warmup_steps: 0,
        };
        let saving = Saving { when: When::EachEpoch, total_limit: 2 };
        let settings = EvaluationSettings { eval_strategy };
        let plan = Plan { settings, saving, counts, epoch_ends, memory: None, disk: None, time: None };
        TrialPlan::parse(&serde_json::to_vec(&plan)?)
    }

    #[test]
    fn a_rung_is_the_first_evaluation_from_its_fraction_on() {
        let rungs = |strategy: When| [0.1, 0.34, 0.5, 1.0].map(|fraction| plan(strategy).unwrap().rung(fraction));
        assert_eq!(rungs(When::EachEpoch), [10, 20, 20, 30]);
        assert_eq!(rungs(When::EverySteps(3)), [3, 12, 15, 30]);
        assert_eq!(rungs(When::EverySteps(100)), [30, 30, 30, 30], "the last step is evaluated too");
        let uneven = plan_of(When::EachEpoch, Some(vec![10, 21, 30])).unwrap();
        assert_eq!([0.1, 0.34, 0.7, 0.71, 1.0].map(|fraction| uneven.rung(fraction)), [10, 21, 21, 30, 30]);
    }

    #[test]
    fn compute_is_counted_in_sentences() {
        assert_eq!(plan(When::EachEpoch).unwrap().sentences(15), 60.0);
    }

    #[test]
    fn a_trial_that_is_never_evaluated_is_refused() {
        assert!(plan(When::Never).unwrap_err().to_string().starts_with("the trial is never evaluated"));
    }
}
