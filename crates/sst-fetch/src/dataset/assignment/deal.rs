//! Deals groups of rows out to shares, so that each share has its part of every class; of trees the sentences count.
//!
//! The groups come in a random order, and each goes where its classes have been served least, as far as there is room for
//! it. So a share differs from its part by less than the largest group, and large groups are as likely in one as in another.

use corpus::sample::mixed;

use super::strata::Strata;
use crate::dataset::survey::RowFacts;

/// Of a class, train has this many rows before another split has one.
const KEPT_OF_RARE: f64 = 2.0;

/// A part of the rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    /// From 0 to 1; the parts of all shares add up to 1.
    pub(super) part: f64,
    /// Whether classes with few rows stay here.
    pub(super) keeps_rare: bool,
}

/// The share of each row; none where no row of its group has a target. `groups` has the number of a row of the same group.
pub(super) fn deal(
    rows: &[RowFacts],
    groups: &[u32],
    strata: &Strata,
    shares: &[Share],
    seed: u64,
) -> Vec<Option<usize>> {
    let place = |row: u32| {
        let root = groups[row as usize];
        (mixed(seed, rows[root as usize].key), root, row)
    };
    let mut order: Vec<u32> = (0..).take(groups.len()).collect();
    order.sort_unstable_by_key(|&row| place(row));
    let mut table = Table::new(
        rows.iter().take(groups.len()).filter(|row| row.is_root).filter_map(|row| strata.of(row)),
        strata.len(),
        shares,
    );
    let mut dealt = vec![None; groups.len()];
    let mut counts: Vec<(usize, f64)> = Vec::new();
    for group in order.chunk_by(|&a, &b| groups[a as usize] == groups[b as usize]) {
        counts.clear();
        let sentences = group.iter().map(|&row| &rows[row as usize]).filter(|row| row.is_root);
        for stratum in sentences.filter_map(|row| strata.of(row)) {
            match counts.iter_mut().find(|(known, _)| *known == stratum) {
                Some((_, count)) => *count += 1.0,
                None => counts.push((stratum, 1.0)),
            }
        }
        if !counts.is_empty() {
            let share = table.serve(&counts);
            group.iter().for_each(|&row| dealt[row as usize] = Some(share));
        }
    }
    dealt
}

/// How much of each class each share is to have, and has.
struct Table<'a> {
    shares: &'a [Share],
    /// Rows of each stratum.
    sizes: Vec<f64>,
    /// Rows of each stratum in each share.
    dealt: Vec<Vec<f64>>,
}

impl<'a> Table<'a> {
    fn new(strata: impl Iterator<Item = usize>, n_strata: usize, shares: &'a [Share]) -> Self {
        let mut sizes = vec![0.0; n_strata];
        strata.for_each(|stratum| sizes[stratum] += 1.0);
        Self { shares, dealt: vec![vec![0.0; n_strata]; shares.len()], sizes }
    }

    /// Deals a group with these numbers of rows of its strata; its share.
    fn serve(&mut self, counts: &[(usize, f64)]) -> usize {
        let n: f64 = counts.iter().map(|(_, count)| count).sum();
        let room = |share: usize| {
            let (all, dealt): (f64, f64) = (self.sizes.iter().sum(), self.dealt[share].iter().sum());
            self.shares[share].part * all - dealt
        };
        let need = |share: usize| -> f64 {
            let part = self.shares[share].part;
            let unserved = |&(stratum, count): &(usize, f64)| {
                count * (1.0 - self.dealt[share][stratum] / (part * self.sizes[stratum]))
            };
            counts.iter().map(unserved).sum()
        };
        let all = || (0..self.shares.len()).filter(|&share| self.shares[share].part > 0.0);
        let fits = |share: &usize| room(*share) >= n / 2.0 && (self.shares[*share].keeps_rare || !self.is_rare(counts));
        let by = |value: &dyn Fn(usize) -> f64, a: usize, b: usize| {
            let equal = (value(a) - value(b)).abs() < 1e-9;
            if equal { self.shares[a].part.total_cmp(&self.shares[b].part) } else { value(a).total_cmp(&value(b)) }
        };
        // Of several that are equal in both, the first.
        let first_best = |value: &dyn Fn(usize) -> f64, from: &mut dyn Iterator<Item = usize>| {
            from.reduce(|best, share| if by(value, share, best).is_gt() { share } else { best })
        };
        let share =
            first_best(&need, &mut all().filter(fits)).or_else(|| first_best(&room, &mut all())).unwrap_or_default();
        counts.iter().for_each(|&(stratum, count)| self.dealt[share][stratum] += count);
        share
    }

    /// Whether the share that keeps classes with few rows has too few yet of one of these.
    fn is_rare(&self, counts: &[(usize, f64)]) -> bool {
        let keeper = self.shares.iter().position(|share| share.keeps_rare);
        keeper.is_some_and(|keeper| counts.iter().any(|&(stratum, _)| self.dealt[keeper][stratum] < KEPT_OF_RARE))
    }
}
