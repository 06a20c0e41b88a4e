//! The classes of a label column, and how those that were found are shown.

use super::distinct::Distinct;
use crate::shortened::{first_dozen, shortened_name};

/// What gives classes their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelOrder {
    /// The source, as it numbers its labels.
    Source,
    /// The user.
    Given,
    /// False, then true.
    Booleans,
    /// That of numbers.
    Numbers,
    /// The meaning of the words, from bad to good.
    Sentiment,
    /// That of the numbers in words that differ in nothing else, which says nothing of their meaning.
    NumbersInWords,
    /// The alphabet, which says nothing of their meaning.
    Alphabet,
}

/// A class: its value in the files, and every way in which it is spelled.
#[derive(Debug, Clone)]
pub(super) struct Class {
    pub(super) value: String,
    pub(super) spellings: Vec<Distinct>,
}

impl Class {
    /// A class that has no row.
    pub(super) fn without_rows(value: &str) -> Self {
        Self { value: value.to_owned(), spellings: Vec::new() }
    }

    fn n_rows(&self) -> usize {
        self.spellings.iter().map(Distinct::n_rows).sum()
    }
}

/// The values that were found, each with its number of rows.
pub(super) fn found(classes: &[Class]) -> String {
    if classes.is_empty() {
        return "no label at all".to_owned();
    }
    let counted = classes.iter().map(|class| {
        let n = class.n_rows();
        format!("{} ({n} row{})", shortened_name(&class.value), if n == 1 { "" } else { "s" })
    });
    first_dozen(counted)
}
