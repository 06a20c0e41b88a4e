//! Samples: at most so many sentences of a split, of each class its share.

use corpus::Split;
use corpus::sample::{Unit, draw, mixed};

use super::Assignment;
use super::strata::Strata;
use crate::dataset::survey::RowFacts;

/// Leaves out all but `max` sentences of each split; sentences without a target are a class of their own.
pub(crate) fn sample(assignment: &mut Assignment, rows: &[RowFacts], strata: &Strata, max: usize, seed: u64) {
    for split in Split::ALL {
        let sentence = |row: &RowFacts| Unit {
            stratum: strata.of(row).unwrap_or_else(|| strata.len()),
            key: row.key ^ mixed(0, u64::from(row.sentence)),
        };
        let of_split = rows.iter().zip(&*assignment).filter(|(row, assigned)| row.is_root && **assigned == Some(split));
        let units: Vec<Unit> = of_split.map(|(row, _)| sentence(row)).collect();
        let mut drawn = draw(&units, max, seed).into_iter();
        let mut is_drawn = false;
        for (assigned, row) in assignment.iter_mut().zip(rows).filter(|(assigned, _)| **assigned == Some(split)) {
            if row.is_root {
                is_drawn = drawn.next().unwrap_or_default();
            }
            if !is_drawn {
                *assigned = None;
            }
        }
    }
}
