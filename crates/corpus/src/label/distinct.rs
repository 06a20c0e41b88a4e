//! The different values of a label column in all splits: how often each occurs, and where first.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::Location;
use crate::split::Split;

/// More different labels than this are no classes, however they are spelled: whoever counts them may stop there.
pub const MAX_DISTINCT: usize = 100_000;

/// Where a value stands first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLocation {
    /// The user's file.
    pub file: PathBuf,
    /// The line or row in it.
    pub location: Location,
}

impl fmt::Display for FileLocation {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}, {}", self.file.display(), self.location)
    }
}

/// One value, spelled in one way.
#[derive(Debug, Clone)]
pub(super) struct Distinct {
    pub(super) text: String,
    pub(super) rows: [usize; Split::ALL.len()],
    pub(super) first: FileLocation,
}

impl Distinct {
    pub(super) fn n_rows(&self) -> usize {
        self.rows.iter().sum()
    }
}

/// The different texts of a label column, in the order in which they come.
#[derive(Debug, Clone, Default)]
pub struct DistinctLabels {
    values: Vec<Distinct>,
    index_of: HashMap<String, usize>,
}

impl DistinctLabels {
    /// Counts one label; its index among the different ones.
    pub fn add(&mut self, text: &str, split: Split, file: &Path, location: Location) -> usize {
        let text = text.trim();
        let index = self.index_of.get(text).copied().unwrap_or_else(|| {
            let first = FileLocation { file: file.to_owned(), location };
            self.values.push(Distinct { text: text.to_owned(), rows: [0; Split::ALL.len()], first });
            self.index_of.insert(text.to_owned(), self.values.len() - 1);
            self.values.len() - 1
        });
        self.values[index].rows[split as usize] += 1;
        index
    }

    /// The number of different labels.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The different labels by index, without blanks around them.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|value| value.text.as_str())
    }

    pub(super) fn into_values(self) -> Vec<Distinct> {
        self.values
    }
}
