//! Rungs of successive halving: all trials are trained up to a fraction of their steps and ranked there, and only the
//! best are trained further.

use std::collections::BTreeSet;

use super::training::Training;
use crate::args::Action;
use crate::search::halving::Halving;
use crate::trials::trial::Trial;

impl Training<'_> {
    /// Takes the trials from index `first` on through all rungs. `collect` trains nothing: it only ranks them at the
    /// rungs that all of them have reached.
    pub(crate) fn run_round(&mut self, first: usize) -> anyhow::Result<()> {
        let trains = self.action == Action::Run;
        let Some(halving) = self.settings.halving else {
            return if trains { self.train_to(first, 1.0, "bert-sweep") } else { Ok(()) };
        };
        let rungs = halving.rungs();
        for (index, rung) in rungs.iter().enumerate() {
            if trains {
                self.train_to(first, *rung, &format!("bert-sweep rung {} of {}", index + 1, rungs.len()))?;
            }
            let is_last = index + 1 == rungs.len();
            if !is_last && !self.rule_out(first, *rung, halving)? {
                break;
            }
        }
        Ok(())
    }

    /// Ranks the trials at a rung and rules out all but the best. `false`: `collect` found trials that have not reached
    /// the rung.
    fn rule_out(&mut self, first: usize, rung: f64, halving: Halving) -> anyhow::Result<bool> {
        let entered: Vec<usize> =
            (first..self.trials.len()).filter(|&index| self.trials[index].ruled_out_at.is_none()).collect();
        let mut scores = Vec::new();
        for &index in &entered {
            let score = self.score_at(&self.trials[index], rung)?;
            let failed = self.trials[index].runs.iter().any(|run| run.folder.failure().is_some());
            if score.is_none() && !failed && self.action != Action::Run {
                return Ok(false);
            }
            scores.push(score);
        }
        let promoted = halving.promoted(&scores);
        for (position, &index) in entered.iter().enumerate() {
            if !promoted.contains(&position) {
                self.trials[index].ruled_out_at = Some(rung);
            }
        }
        let (percent, n_promoted, n_entered) = (100.0 * rung, promoted.len(), entered.len());
        self.common
            .say(&format!("bert-sweep: at {percent:.0} % of the steps, {n_promoted} of {n_entered} trials go on"));
        if self.action == Action::Run {
            self.write_table_and_prune(&BTreeSet::new())?;
        }
        Ok(true)
    }

    /// The mean score over the seeds and folds at a rung; `None` if one of them has not reached it.
    fn score_at(&self, trial: &Trial, rung: f64) -> anyhow::Result<Option<f64>> {
        let objective = &self.settings.objective;
        let mut sum = 0.0;
        for run in &trial.runs {
            let (Some(plan), log) = (&run.plan, run.folder.log()?) else { return Ok(None) };
            let step = plan.rung(rung);
            let Some(best) = log.best_up_to(step).filter(|_| log.reached(step)) else { return Ok(None) };
            sum += objective.score(objective.required_value(&best.metrics)?);
        }
        Ok(Some(sum / trial.runs.len() as f64))
    }
}
