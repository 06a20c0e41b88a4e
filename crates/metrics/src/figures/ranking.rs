//! Figures of a ranking with their influences: the areas under the ROC curve and under the precision-recall curve.

use crate::estimate::Reason;

/// Rows in the order of their scores, for a class against the rest.
pub(crate) struct Ranking {
    /// Score, row, and whether the row is of the class; ascending by score.
    ascending: Vec<(f64, u32, bool)>,
    n_own: f64,
    n_rest: f64,
}

/// Rows of equal score.
#[derive(Clone, Copy)]
pub(crate) struct Tie {
    pub(crate) score: f64,
    /// Rows of the class.
    pub(crate) own: f64,
    pub(crate) rest: f64,
}

/// The area under a curve.
#[derive(Clone, Copy, Default)]
pub(crate) struct Area {
    pub(crate) value: f64,
    /// Nearer to the area of all rows that there could be.
    pub(crate) unbiased: f64,
}

const ONE_CLASS: Reason = "a class has no rows, or all of them";

impl Ranking {
    /// Sorts the scores, `(n)`, of rows of which `is_own` says whether they are of the class.
    pub(crate) fn new(scores: impl Iterator<Item = f64>, is_own: impl Iterator<Item = bool>) -> Result<Self, Reason> {
        let mut ascending: Vec<(f64, u32, bool)> =
            scores.zip(is_own).enumerate().map(|(row, (score, own))| (score, row as u32, own)).collect();
        let n_own = ascending.iter().filter(|row| row.2).count() as f64;
        let n_rest = ascending.len() as f64 - n_own;
        if n_own == 0.0 || n_rest == 0.0 {
            return Err(ONE_CLASS);
        }
        ascending.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
        Ok(Self { ascending, n_own, n_rest })
    }

    /// Rows of the class, and of all others.
    pub(crate) fn counts(&self) -> (f64, f64) {
        (self.n_own, self.n_rest)
    }

    /// How many rows have each score, from the highest.
    pub(crate) fn descending(&self) -> impl Iterator<Item = Tie> {
        self.ties().rev().map(|tie| {
            let own = tie.iter().filter(|row| row.2).count() as f64;
            Tie { score: tie[0].0, own, rest: tie.len() as f64 - own }
        })
    }

    /// Rows of equal score together, from the lowest.
    fn ties(&self) -> impl DoubleEndedIterator<Item = &[(f64, u32, bool)]> {
        self.ascending.chunk_by(|left, right| left.0 == right.0)
    }

    /// The area under the ROC curve: the probability that a row of the class scores above another, half counted for ties
    /// (Hanley and McNeil 1982). `weight` times the influence of each row is added to `influence`: the placement values
    /// of DeLong, DeLong and Clarke-Pearson (1988).
    pub(crate) fn roc_auc(&self, weight: f64, influence: &mut [f64]) -> Area {
        let n = self.n_own + self.n_rest;
        let (mut rest_below, mut sum) = (0.0, 0.0);
        for tie in self.ties() {
            let own = tie.iter().filter(|row| row.2).count() as f64;
            sum += own * (rest_below + (tie.len() as f64 - own) / 2.0);
            rest_below += tie.len() as f64 - own;
        }
        let area = sum / (self.n_own * self.n_rest);
        let (mut own_below, mut rest_below) = (0.0, 0.0);
        for tie in self.ties() {
            let own = tie.iter().filter(|row| row.2).count() as f64;
            let rest = tie.len() as f64 - own;
            let placement_own = (rest_below + rest / 2.0) / self.n_rest;
            let placement_rest = 1.0 - (own_below + own / 2.0) / self.n_own;
            for &(_, row, is_own) in tie {
                influence[row as usize] += if is_own {
                    weight * (placement_own - area) * n / self.n_own
                } else {
                    weight * (placement_rest - area) * n / self.n_rest
                };
            }
            own_below += own;
            rest_below += rest;
        }
        Area { value: area, unbiased: area }
    }

    /// Average precision: the mean of the precision at the score of each row of the class, as scikit-learn's
    /// `average_precision_score`. `weight` times the influence of each row is added to `influence`: by how much the figure
    /// falls when the row is left out (the jackknife), which a curve with few rows of the class needs.
    pub(crate) fn average_precision(&self, weight: f64, influence: &mut [f64]) -> Area {
        let n = self.n_own + self.n_rest;
        let (mut own_above, mut above, mut average) = (0.0, 0.0, 0.0);
        let mut steps = Vec::new();
        for tie in self.ties().rev() {
            let own = tie.iter().filter(|row| row.2).count() as f64;
            own_above += own;
            above += tie.len() as f64;
            average += own / self.n_own * (own_above / above);
            steps.push((own, own_above, above));
        }
        // The sums of the precisions at all rows of the class with lower scores: as they are, and without one row above.
        let (mut plain, mut without_own, mut without_rest, mut sum) = (0.0, 0.0, 0.0, 0.0);
        for (tie, &(own, own_above, above)) in self.ties().zip(steps.iter().rev()) {
            let others = (above - 1.0).max(1.0);
            plain += own * own_above / above;
            let left_out = |is_own: bool| {
                if is_own {
                    let rest = average * self.n_own - plain + without_own + (own - 1.0) * (own_above - 1.0) / others;
                    (n - 1.0) * (average - rest / (self.n_own - 1.0).max(1.0))
                } else {
                    (n - 1.0) * (plain - without_rest - own * own_above / others) / self.n_own
                }
            };
            let (of_own, of_rest) = (left_out(true), left_out(false));
            for &(_, row, is_own) in tie {
                let value = if is_own { of_own } else { of_rest };
                influence[row as usize] += weight * value;
                sum += value;
            }
            without_own += own * (own_above - 1.0) / others;
            without_rest += own * own_above / others;
        }
        // A sum of many shares may round to more than all.
        Area { value: average.min(1.0), unbiased: average + sum / n }
    }
}
