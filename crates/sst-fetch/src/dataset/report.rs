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
        self.rows.iter().zip(self.assignment).filter(move |(_, assigned)| **assigned == Some(split)).map(|(row, _)| row)
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

    /// Copies of texts, contradictions, and texts that two splits share, up to case, blanks and punctuation, in a sentence if
    /// there are some. Of trees the sentences count.
    pub(crate) fn copies(&self) -> Option<String> {
        let placed = || self.rows.iter().zip(self.assignment).filter(|(row, _)| row.is_root);
        let mut order: Vec<(u64, Split, Option<i32>)> =
            placed().filter_map(|(row, assigned)| Some((row.key, (*assigned)?, self.labels.class(row)))).collect();
        order.sort_unstable();
        let (mut n_copies, mut n_conflicts, mut n_shared) = (0, 0, 0);
        for same in order.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
            n_copies += same.chunk_by(|a, b| a.1 == b.1).map(|of_split| of_split.len() - 1).sum::<usize>();
            let labels = || same.iter().filter_map(|(.., label)| *label);
            n_conflicts += usize::from(labels().min() != labels().max());
            n_shared += usize::from(same.first().map(|row| row.1) != same.last().map(|row| row.1));
        }
        let parts = [
            (n_copies, "copies of texts in a split"),
            (n_conflicts, "texts with several labels"),
            (n_shared, "texts in several splits"),
        ];
        let parts: Vec<String> =
            parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        (!parts.is_empty()).then(|| format!("{}; `sst-fetch check` shows them", parts.join(", ")))
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
