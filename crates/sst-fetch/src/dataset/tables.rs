//! The tables of a dataset, by split, each with the file that it was read from.

use std::path::PathBuf;

use corpus::Split;
use corpus::records::{Row, Table};

/// The tables of a split.
pub(crate) struct SplitTables {
    pub(crate) split: Split,
    pub(crate) tables: Vec<(PathBuf, Table)>,
}

impl SplitTables {
    /// The rows of all tables.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> + Clone {
        self.tables.iter().flat_map(|(_, table)| &table.rows)
    }
}
