//! Report: rows per class, token counts and lengths, truncation and unknown words of each split.
//!
//! The same figures go to stderr and to `report.json`; they contain no time, so equal runs write equal reports.

use std::collections::BTreeMap;
use std::fmt;

use corpus::task::Target;
use corpus::tokenizer::Encodings;
use corpus::{Split, shortened_name};
use serde::Serialize;

/// The number of classes whose rows are printed one by one; `report.json` has all.
const MAX_CLASSES: usize = 12;

/// The content of `report.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    splits: Vec<SplitReport>,
}

/// The figures of one split.
#[derive(Debug, Serialize)]
pub(crate) struct SplitReport {
    split: Split,
    rows: usize,
    /// In the order of the labels.
    classes: Vec<ClassRows>,
    rows_without_label: usize,
    rows_left_out_by_task: usize,
    rows_dropped_without_label: usize,
    rows_truncated: usize,
    tokens: usize,
    /// Tokens per row, special ones counted.
    length: Length,
    /// How many times as many tokens there would be if every row were padded to the maximum length.
    padding_factor: f64,
    words: usize,
    unknown_words: usize,
    #[serde(skip)]
    max_length: usize,
    /// How many rows have each length.
    #[serde(skip)]
    lengths: BTreeMap<usize, usize>,
}

/// How many rows a class has.
#[derive(Debug, Serialize)]
struct ClassRows {
    label: String,
    rows: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
struct Length {
    mean: f64,
    median: usize,
    p95: usize,
    p99: usize,
    max: usize,
}

impl Report {
    pub(crate) fn new(splits: Vec<SplitReport>) -> Self {
        Self { splits }
    }

    pub(crate) fn rows(&self) -> usize {
        self.splits.iter().map(|split| split.rows).sum()
    }
}

impl SplitReport {
    /// The report of a split of which no row was seen yet.
    pub(crate) fn new(split: Split, label_names: &[String], max_length: usize) -> Self {
        Self {
            split,
            rows: 0,
            classes: label_names.iter().map(|label| ClassRows { label: label.clone(), rows: 0 }).collect(),
            rows_without_label: 0,
            rows_left_out_by_task: 0,
            rows_dropped_without_label: 0,
            rows_truncated: 0,
            tokens: 0,
            length: Length::default(),
            padding_factor: 0.0,
            words: 0,
            unknown_words: 0,
            max_length,
            lengths: BTreeMap::new(),
        }
    }

    pub(crate) fn split(&self) -> Split {
        self.split
    }

    pub(crate) fn rows_truncated(&self) -> usize {
        self.rows_truncated
    }

    pub(crate) fn label_names(&self) -> Vec<String> {
        self.classes.iter().map(|class| class.label.clone()).collect()
    }

    pub(crate) fn class_counts(&self) -> Vec<usize> {
        self.classes.iter().map(|class| class.rows).collect()
    }

    /// Adds the tokens of some rows.
    pub(crate) fn add(&mut self, encodings: &Encodings) {
        self.rows += encodings.len();
        self.tokens += encodings.input_ids.len();
        self.rows_truncated += encodings.n_truncated;
        self.words += encodings.n_words;
        self.unknown_words += encodings.n_unknown_words;
        for pair in encodings.offsets.windows(2) {
            *self.lengths.entry(pair[1] - pair[0]).or_default() += 1;
        }
        self.length = Length::of(&self.lengths);
        self.padding_factor = (self.max_length * self.rows) as f64 / self.tokens.max(1) as f64;
    }

    /// Adds the target of a row.
    pub(crate) fn add_target(&mut self, target: Target) {
        match target {
            Target::Class(class) => {
                let class = usize::try_from(class).ok().and_then(|class| self.classes.get_mut(class));
                class.into_iter().for_each(|class| class.rows += 1);
            }
            Target::Unlabeled => self.rows_without_label += 1,
            Target::Score(_) | Target::Excluded => {}
        }
    }

    pub(crate) fn with_dropped(mut self, excluded: usize, unlabeled: usize) -> Self {
        self.rows_left_out_by_task = excluded;
        self.rows_dropped_without_label = unlabeled;
        self
    }
}

impl Length {
    /// Of the number of rows of each length. Percentiles by nearest rank: each is a length that occurs.
    fn of(lengths: &BTreeMap<usize, usize>) -> Self {
        let n: usize = lengths.values().sum();
        let percentile = |percent: usize| {
            let rank = (n * percent).div_ceil(100).max(1);
            let mut up_to = lengths.iter().scan(0, |up_to, (&length, count)| {
                *up_to += count;
                Some((length, *up_to))
            });
            up_to.find(|(_, up_to)| *up_to >= rank).map_or(0, |(length, _)| length)
        };
        let sum: usize = lengths.iter().map(|(length, count)| length * count).sum();
        let mean = sum as f64 / n.max(1) as f64;
        Self { mean, median: percentile(50), p95: percentile(95), p99: percentile(99), max: percentile(100) }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        self.splits.iter().try_for_each(|split| writeln!(formatter, "{split}"))
    }
}

impl fmt::Display for SplitReport {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}: {} rows", self.split.name(), self.rows)?;
        for class in self.classes.iter().take(MAX_CLASSES) {
            write!(formatter, ", {} {}", class.rows, shortened_name(&class.label))?;
        }
        if let Some(more @ [_, ..]) = self.classes.get(MAX_CLASSES..) {
            let rows: usize = more.iter().map(|class| class.rows).sum();
            write!(formatter, ", {rows} of {} more classes", more.len())?;
        }
        // A split has rows that are dropped or rows that are kept: only those that train on them need a label.
        let others = [
            ("without a label (kept)", self.rows_without_label),
            ("without a label (dropped)", self.rows_dropped_without_label),
            ("excluded by the task", self.rows_left_out_by_task),
        ];
        for (name, n) in others.into_iter().filter(|(_, n)| *n > 0) {
            write!(formatter, ", {n} {name}")?;
        }
        let Length { mean, median, p95, p99, max } = self.length;
        write!(formatter, "\n  tokens: {}; per row mean {mean:.1}, ", self.tokens)?;
        write!(
            formatter,
            "median {median}, p95 {p95}, p99 {p99}, max {max}; {} rows truncated; ",
            self.rows_truncated
        )?;
        let unknown = 100.0 * self.unknown_words as f64 / self.words.max(1) as f64;
        write!(formatter, "{:.1} times as many if padded\n  words: {}; ", self.padding_factor, self.words)?;
        write!(formatter, "{unknown:.2} % unknown")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_lengths_that_occur() {
        let lengths = Length::of(&(1..=200).map(|length| (length, 1)).collect());
        assert_eq!(lengths, Length { mean: 100.5, median: 100, p95: 190, p99: 198, max: 200 });
        assert_eq!(Length::of(&BTreeMap::from([(7, 1)])), Length { mean: 7.0, median: 7, p95: 7, p99: 7, max: 7 });
    }

    #[test]
    fn many_classes_fit_on_a_line() {
        let names: Vec<String> = (0..174).map(|class| format!("c{class}")).collect();
        let targets = (0..348).map(|row| Target::Class(row % 174)).chain([Target::Unlabeled]);
        let mut report = SplitReport::new(Split::Test, &names, 8);
        targets.for_each(|target| report.add_target(target));
        let text = report.to_string();
        let (line, _) = text.split_once('\n').unwrap();
        assert!(line.starts_with("test: 0 rows, 2 c0, 2 c1, "), "{line}");
        assert!(line.ends_with(", 2 c11, 324 of 162 more classes, 1 without a label (kept)"), "{line}");
    }
}
