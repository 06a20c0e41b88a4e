//! Assignment: into which file each row goes. What is missing is split off from train, or train is cut into folds; then each
//! split is sampled. Everything is a function of the rows, the settings and a seed.

mod strata;
mod deal;
mod sample;

use corpus::Split;

use super::division::Division;
use super::survey::RowFacts;
use deal::{Share, deal};
pub(crate) use sample::sample;
pub(crate) use strata::Strata;

/// The split of each row; none where it is left out.
pub(crate) type Assignment = Vec<Option<Split>>;

/// The rows as they were read, a validation split left out that a fold replaces.
pub(crate) fn as_read(rows: &[RowFacts], division: &Division) -> Assignment {
    let is_fold = matches!(division, Division::Fold { .. });
    rows.iter().map(|row| Some(row.split).filter(|split| !is_fold || *split != Split::Validation)).collect()
}

/// The rows as they were read, those of train divided, which come first in `rows`: `groups` has the group of each. Rows of one
/// group stay together; a group without a target stays in train.
pub(crate) fn divide(rows: &[RowFacts], groups: &[u32], strata: &Strata, division: &Division, seed: u64) -> Assignment {
    let mut assignment = as_read(rows, division);
    let shares: Vec<Share> = match division {
        Division::Whole => return assignment,
        Division::SplitOff(shares) => {
            shares.iter().map(|&(split, part)| Share { part, keeps_rare: split == Split::Train }).collect()
        }
        Division::Fold { n, .. } => vec![Share { part: 1.0 / *n as f64, keeps_rare: false }; *n],
    };
    for (assigned, share) in assignment.iter_mut().zip(deal(rows, groups, strata, &shares, seed)) {
        *assigned = match (division, share) {
            (Division::SplitOff(shares), Some(share)) => Some(shares[share].0),
            (Division::Fold { fold, .. }, Some(share)) if share == *fold => Some(Split::Validation),
            _ => Some(Split::Train),
        };
    }
    assignment
}
