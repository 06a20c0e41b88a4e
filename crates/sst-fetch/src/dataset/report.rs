//! What was made, in words: the rows of each split, and what should be known of the numbers of rows of the classes.

use corpus::{Split, class_balance};

use super::assignment::Assignment;
use super::labels::Labels;
use super::survey::RowFacts;

/// The rows of a dataset as they were assigned.
pub(crate) struct Report<'a> {
    pub(crate) rows: &'a [RowFacts],
    pub(crate) assignment: &'a Assignment,
    pub(crate) labels: &'a Labels,
}

impl Report<'_> {
    /// The splits that have rows.
    pub(crate) fn splits(&self) -> Vec<Split> {
        Split::ALL.into_iter().filter(|split| self.assignment.contains(&Some(*split))).collect()
    }

    fn rows_of(&self, split: Split) -> impl Iterator<Item = &RowFacts> {
        self.rows.iter().zip(self.assignment).filter(move |(_, place)| **place == Some(split)).map(|(row, _)| row)
    }

    /// The rows of a split in one line, those without a target counted.
    pub(crate) fn counts(&self, split: Split) -> String {
        let n_sentences = self.rows_of(split).filter(|row| row.is_root).count();
        let (target, n_missing) = match self.labels.names.as_slice() {
            [] => ("score", self.rows_of(split).filter(|row| !row.has_score).count()),
            _ => ("label", self.rows_of(split).filter(|row| self.labels.class(row).is_none()).count()),
        };
        let missing = if n_missing == 0 { String::new() } else { format!(", {n_missing} without a {target}") };
        format!("{}: {} rows, {n_sentences} sentences{missing}", split.name(), self.rows_of(split).count())
    }

    /// What should be known about the numbers of rows of the classes. Of trees the sentences count.
    pub(crate) fn balance_warnings(&self) -> Vec<String> {
        let names = &self.labels.names;
        let counts = self.splits().into_iter().map(|split| {
            let mut counts = vec![0; names.len()];
            let classes = self.rows_of(split).filter(|row| row.is_root).filter_map(|row| self.labels.class(row));
            classes.filter_map(|class| usize::try_from(class).ok()).for_each(|class| counts[class] += 1);
            (split, counts)
        });
        class_balance::warnings(names, &counts.collect::<Vec<_>>())
    }
}
