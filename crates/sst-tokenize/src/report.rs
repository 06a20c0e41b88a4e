//! Report: rows per class, token counts and lengths, what was cut off, padding and unknown words of each split.
//!
//! The same figures go to stderr and to `report.json`; they contain no time, so equal runs write equal reports.

use corpus::Split;
use corpus::task::Target;
use corpus::tokenizer::Encodings;
use serde::Serialize;

use crate::lengths::{Bin, LengthFigures, Lengths};

/// The content of `report.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) splits: Vec<SplitReport>,
}

/// The figures of one split.
#[derive(Debug, Serialize)]
pub(crate) struct SplitReport {
    pub(crate) split: Split,
    /// Rows of the raw file that are in the tokens.
    pub(crate) rows: usize,
    /// Rows of the token file, where texts are read in windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) windows: Option<usize>,
    /// In the order of the labels.
    pub(crate) classes: Vec<ClassRows>,
    pub(crate) rows_without_label: usize,
    pub(crate) rows_left_out_by_task: usize,
    pub(crate) rows_dropped_without_label: usize,
    pub(crate) rows_truncated: usize,
    /// What truncation cut off.
    pub(crate) tokens_lost: usize,
    pub(crate) tokens: usize,
    /// Tokens per row of the token file, special ones counted.
    pub(crate) length: LengthFigures,
    /// How many times as many tokens there would be if every row were padded to the maximum length.
    pub(crate) padding_factor: f64,
    /// The same, padded to the longest row of the split.
    pub(crate) padding_factor_longest: f64,
    pub(crate) words: usize,
    pub(crate) unknown_words: usize,
    /// Texts by their length before they were cut, special tokens counted.
    pub(crate) text_lengths: Vec<BinRows>,
    #[serde(skip)]
    pub(crate) max_length: usize,
    #[serde(skip)]
    row_lengths: Lengths,
    #[serde(skip)]
    whole_lengths: Lengths,
}

/// What a class has of rows, and what truncation took of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ClassRows {
    pub(crate) label: String,
    pub(crate) rows: usize,
    pub(crate) rows_truncated: usize,
    pub(crate) tokens_lost: usize,
}

/// How many texts have a length from `from` to `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct BinRows {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) rows: usize,
}

impl Report {
    /// Of all splits; their histograms have the same bins.
    pub(crate) fn new(mut splits: Vec<SplitReport>) -> Self {
        let bins = Lengths::sum(splits.iter().map(|split| &split.whole_lengths)).bins();
        for split in &mut splits {
            let rows = |bin: &Bin| BinRows { from: bin.from, to: bin.to, rows: split.whole_lengths.n_in(*bin) };
            split.text_lengths = bins.iter().map(rows).collect();
        }
        Self { splits }
    }

    pub(crate) fn rows(&self) -> usize {
        self.splits.iter().map(|split| split.rows).sum()
    }

    /// The classes of all splits together, in the order of the labels.
    pub(crate) fn classes(&self) -> Vec<ClassRows> {
        let mut classes: Vec<ClassRows> = Vec::new();
        for class in self.splits.iter().flat_map(|split| &split.classes) {
            match classes.iter_mut().find(|sum| sum.label == class.label) {
                Some(sum) => sum.add(class),
                None => classes.push(class.clone()),
            }
        }
        classes
    }
}

impl ClassRows {
    fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.rows_truncated += other.rows_truncated;
        self.tokens_lost += other.tokens_lost;
    }
}

impl SplitReport {
    /// The report of a split of which no row was seen yet.
    pub(crate) fn new(split: Split, label_names: &[String], max_length: usize) -> Self {
        let class = |label: &String| ClassRows { label: label.clone(), rows: 0, rows_truncated: 0, tokens_lost: 0 };
        Self {
            split,
            rows: 0,
            windows: None,
            classes: label_names.iter().map(class).collect(),
            rows_without_label: 0,
            rows_left_out_by_task: 0,
            rows_dropped_without_label: 0,
            rows_truncated: 0,
            tokens_lost: 0,
            tokens: 0,
            length: LengthFigures::default(),
            padding_factor: 0.0,
            padding_factor_longest: 0.0,
            words: 0,
            unknown_words: 0,
            text_lengths: Vec::new(),
            max_length,
            row_lengths: Lengths::default(),
            whole_lengths: Lengths::default(),
        }
    }

    pub(crate) fn label_names(&self) -> Vec<String> {
        self.classes.iter().map(|class| class.label.clone()).collect()
    }

    pub(crate) fn class_counts(&self) -> Vec<usize> {
        self.classes.iter().map(|class| class.rows).collect()
    }

    /// Adds the tokens of some texts.
    pub(crate) fn add(&mut self, encodings: &Encodings) {
        self.tokens += encodings.input_ids.len();
        self.rows_truncated += encodings.n_truncated;
        self.words += encodings.n_words;
        self.unknown_words += encodings.n_unknown_words;
        encodings.rows().for_each(|row| self.row_lengths.add(row.len()));
    }

    /// Adds the target of text `i` of these encodings, and what was lost of it.
    pub(crate) fn add_text(&mut self, encodings: &Encodings, i: usize, target: Target) {
        let n_lost = encodings.n_lost(i);
        self.rows += 1;
        self.whole_lengths.add(encodings.text_lengths[i]);
        self.tokens_lost += n_lost;
        match target {
            Target::Class(class) => {
                let class = usize::try_from(class).ok().and_then(|class| self.classes.get_mut(class));
                if let Some(class) = class {
                    class.rows += 1;
                    class.rows_truncated += usize::from(n_lost > 0);
                    class.tokens_lost += n_lost;
                }
            }
            Target::Unlabeled => self.rows_without_label += 1,
            Target::Score(_) | Target::Excluded => {}
        }
    }

    /// The report when all rows were added, of which `n_rows` are in the token file.
    pub(crate) fn finished(mut self, n_rows: usize) -> Self {
        self.length = self.row_lengths.figures();
        let factor = |length: usize| (length * n_rows) as f64 / self.tokens.max(1) as f64;
        (self.padding_factor, self.padding_factor_longest) = (factor(self.max_length), factor(self.length.max));
        self
    }
}
