//! Deals groups of rows out to shares, so that each share has its part of every class; of trees the sentences count.
//!
//! The largest groups come first, equal ones in a random order. Each goes where the quotient of the method of Sainte-Laguë is
//! least, (2 n + 1) / t of a share that has n and is to have t, summed over the group's classes and over all rows. So every
//! share is served in proportion at every point, and differs from its part by about one group at the end.

use std::cmp::Reverse;

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
    let mut sizes = vec![0_u32; groups.len()];
    groups.iter().for_each(|&root| sizes[root as usize] += 1);
    let sort_key = |row: u32| {
        let root = groups[row as usize];
        (Reverse(sizes[root as usize]), mixed(seed, rows[root as usize].key), root, row)
    };
    let mut order: Vec<u32> = (0..).take(groups.len()).collect();
    order.sort_unstable_by_key(|&row| sort_key(row));
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
    /// Rows of all strata, and of all in each share.
    all: f64,
    all_dealt: Vec<f64>,
}

impl<'a> Table<'a> {
    fn new(strata: impl Iterator<Item = usize>, n_strata: usize, shares: &'a [Share]) -> Self {
        let mut sizes = vec![0.0; n_strata];
        strata.for_each(|stratum| sizes[stratum] += 1.0);
        let dealt = vec![vec![0.0; n_strata]; shares.len()];
        Self { shares, dealt, all: sizes.iter().sum(), all_dealt: vec![0.0; shares.len()], sizes }
    }

    /// Deals a group with these numbers of rows of its strata; its share.
    fn serve(&mut self, counts: &[(usize, f64)]) -> usize {
        let n: f64 = counts.iter().map(|(_, count)| count).sum();
        let quotient = |share: usize| -> f64 {
            let (part, dealt) = (self.shares[share].part, &self.dealt[share]);
            let of = |dealt: f64, count: f64, size: f64| (2.0 * dealt + count) / (part * size);
            let of_classes =
                counts.iter().map(|&(class, count)| count / n * of(dealt[class], count, self.sizes[class]));
            of_classes.sum::<f64>() + of(self.all_dealt[share], n, self.all)
        };
        let is_rare = self.is_rare(counts);
        let may_be = |share: &usize| self.shares[*share].part > 0.0 && (self.shares[*share].keeps_rare || !is_rare);
        let quotients = (0..self.shares.len()).filter(may_be).map(|share| (share, quotient(share)));
        let share = quotients.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(share, _)| share);
        counts.iter().for_each(|&(stratum, count)| self.dealt[share][stratum] += count);
        self.all_dealt[share] += n;
        share
    }

    /// Whether the share that keeps classes with few rows has too few yet of one of these.
    fn is_rare(&self, counts: &[(usize, f64)]) -> bool {
        let keeper = self.shares.iter().position(|share| share.keeps_rare);
        keeper.is_some_and(|keeper| counts.iter().any(|&(stratum, _)| self.dealt[keeper][stratum] < KEPT_OF_RARE))
    }
}
