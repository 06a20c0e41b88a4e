//! Rungs: all trials are trained to a share of their steps, ranked there, and only the best are trained on.

use std::collections::BTreeSet;

use crate::halving::Halving;
use crate::training::Training;
use crate::trial::Trial;

impl Training<'_> {
    /// Takes the trials from `first` on through all rungs. Without `train` they are only ranked as far as they are.
    pub(crate) fn round(&mut self, first: usize, train: bool) -> anyhow::Result<()> {
        let Some(halving) = self.sweep.halving else {
            return if train { self.advance(first, 1.0, "") } else { Ok(()) };
        };
        let shares = halving.shares();
        for (rung, share) in shares.iter().enumerate() {
            if train {
                self.advance(first, *share, &format!(" rung {} of {}", rung + 1, shares.len()))?;
            }
            if rung + 1 < shares.len() && !self.rule_out(first, *share, halving, train)? {
                break;
            }
        }
        Ok(())
    }

    /// Ranks the trials at a rung. `false`: some are not there yet, and nobody is training them.
    fn rule_out(&mut self, first: usize, share: f64, halving: Halving, train: bool) -> anyhow::Result<bool> {
        let entered: Vec<usize> =
            (first..self.trials.len()).filter(|&place| self.trials[place].ruled_out.is_none()).collect();
        let mut merits = Vec::new();
        for &place in &entered {
            let merit = self.merit_at(&self.trials[place], share)?;
            let failed = self.trials[place].runs.iter().any(|run| run.failure().is_some());
            if merit.is_none() && !failed && !train {
                return Ok(false);
            }
            merits.push(merit);
        }
        let promoted = halving.promoted(&merits);
        for (rank, &place) in entered.iter().enumerate() {
            if !promoted.contains(&rank) {
                self.trials[place].ruled_out = Some(share);
            }
        }
        let line = format!(
            "bert-sweep: at {:.0} % of the steps {} of {} trials go on",
            100.0 * share,
            promoted.len(),
            entered.len()
        );
        self.common.say(&line);
        self.settle(&BTreeSet::new())?;
        Ok(true)
    }

    /// The mean over the seeds at a rung; `None` while one of them is not there.
    fn merit_at(&self, trial: &Trial, share: f64) -> anyhow::Result<Option<f64>> {
        let mut sum = 0.0;
        for run in &trial.runs {
            let (Some(length), log) = (run.length, run.log()?) else { return Ok(None) };
            let rung = length.rung(share);
            let Some(kept) = log.kept(rung).filter(|_| log.reached(rung)) else { return Ok(None) };
            sum += self.sweep.objective.merit(self.sweep.objective.judged(&kept.figures)?);
        }
        Ok(Some(sum / trial.runs.len() as f64))
    }
}
