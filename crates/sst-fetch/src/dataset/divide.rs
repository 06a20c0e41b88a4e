//! Which rows go into which file, by the settings, and what has to be said of it.

use corpus::Split;
use stage::{bail_input, counted};

use super::assignment::{Assignment, Strata, as_read, divide as divide_rows, sample};
use super::division::Division;
use super::division_args::DivisionArgs;
use super::labels::Labels;
use super::survey::RowFacts;

/// The rows, divided and sampled.
pub(crate) struct Divided {
    pub(crate) assignment: Assignment,
    pub(crate) notes: Vec<String>,
}

/// Divides train, whose rows come first in `rows`, by the group of each, then samples every split. Without groups train stays
/// whole.
pub(crate) fn divide(
    args: &DivisionArgs,
    division: &Division,
    rows: &[RowFacts],
    groups: Option<&[u32]>,
    labels: &Labels,
) -> anyhow::Result<Divided> {
    let (strata, seed) = (Strata::new(labels), args.seed);
    let mut divided = Divided { assignment: as_read(rows, division), notes: Vec::new() };
    if let Some(groups) = groups {
        divided.assignment = divide_rows(rows, groups, &strata, division, seed);
        let is_lacking = |split: &Split| !divided.assignment.contains(&Some(*split));
        let lacking = division.splits().into_iter().find(is_lacking);
        match lacking {
            Some(split) if args.is_given() => bail_input!(
                "train is too small to divide: of its {} rows, which make {} groups, none is left for {}; give more rows, other \
                 shares, or a file of its own",
                groups.len(),
                n_groups(groups),
                split.name()
            ),
            Some(_) => {
                divided.assignment = as_read(rows, &Division::Whole);
                let (n, n_together) = (groups.len(), n_groups(groups));
                divided.notes.push(if n_together == n {
                    format!("train has {n} rows, too few to split off validation and test")
                } else {
                    format!(
                        "the {n} rows of train, of which copies, pieces and groups stay together, make {}, too few to split off \
                         validation and test",
                        counted(n_together as u64, "group")
                    )
                });
            }
            None => divided.notes.push(description(division, &divided.assignment, rows, groups, seed)),
        }
    }
    if let Some(max) = args.max_samples {
        let count = |assignment: &Assignment| {
            rows.iter().zip(assignment).filter(|(row, assigned)| row.is_root && assigned.is_some()).count()
        };
        let before = count(&divided.assignment);
        sample(&mut divided.assignment, rows, &strata, usize::try_from(max)?, seed);
        let after = count(&divided.assignment);
        if after < before {
            divided.notes.push(format!("sampled: {after} of {before} sentences, at most {max} of a split, of each class its share (seed {seed})"));
        }
    }
    Ok(divided)
}

/// How many groups there are; a group has the number of its first row, which is a sentence.
fn n_groups(groups: &[u32]) -> usize {
    (0..).zip(groups).filter(|&(row, &group)| row == group).count()
}

/// What was divided, in a sentence.
fn description(division: &Division, assignment: &Assignment, rows: &[RowFacts], groups: &[u32], seed: u64) -> String {
    let sentences = || rows.iter().zip(assignment).take(groups.len()).filter(|(row, _)| row.is_root);
    let count = |split: Split| sentences().filter(|(_, assigned)| **assigned == Some(split)).count();
    let n = sentences().count();
    let parts: Vec<String> =
        division.splits().into_iter().map(|split| format!("{} {}", split.name(), count(split))).collect();
    let parts = parts.join(", ");
    let how = match division {
        Division::Fold { n: folds, fold } => {
            let n_left_out = rows.iter().filter(|row| row.split == Split::Validation && row.is_root).count();
            let left_out = match n_left_out {
                0 => String::new(),
                n => format!("; the {n} sentences of the validation split are left out"),
            };
            format!("fold {} of {folds} of train's {n} sentences is validation: {parts}{left_out}", fold + 1)
        }
        _ => format!("split off from train's {n} sentences: {parts}"),
    };
    let together = match n - n_groups(groups) {
        0 => String::new(),
        n => format!("; {n} stay with another that has their text, holds it, or is of their group"),
    };
    format!("{how} (of each class its share, seed {seed}{together})")
}
