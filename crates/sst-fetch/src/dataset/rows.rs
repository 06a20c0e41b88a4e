//! Sources of rows: files that were opened, each of which can be read any number of times.

use std::ops::ControlFlow;
use std::path::Path;

use corpus::Split;
use corpus::label::SourceNames;
use corpus::records::{Row, TableFile, WithoutText};
use stage::ExitReason;

/// One file of a split, opened, whose rows can be read any number of times.
pub(crate) trait RowSource {
    fn path(&self) -> &Path;
    fn label_names(&self) -> Option<&SourceNames>;
    fn said(&self) -> &[String];
    /// Reads the rows in their order, until `row` breaks.
    fn for_each_row(&self, row: &mut dyn FnMut(Row) -> ControlFlow<()>) -> corpus::Result<Option<WithoutText>>;
}

/// The sources of a split, in the order of their rows.
pub(crate) struct SplitSources {
    pub(crate) split: Split,
    pub(crate) sources: Vec<Box<dyn RowSource>>,
}

impl RowSource for TableFile {
    fn path(&self) -> &Path {
        self.path()
    }

    fn label_names(&self) -> Option<&SourceNames> {
        self.label_names()
    }

    fn said(&self) -> &[String] {
        self.said()
    }

    fn for_each_row(&self, row: &mut dyn FnMut(Row) -> ControlFlow<()>) -> corpus::Result<Option<WithoutText>> {
        self.for_each_row(row)
    }
}

/// That a second reading of a file does not give what the first gave.
pub(crate) fn changed(path: &Path) -> anyhow::Error {
    ExitReason::InputChanged(path.to_owned()).into()
}

/// Reads the rows of a source, until `row` fails.
pub(crate) fn try_for_each_row(
    source: &dyn RowSource,
    mut row: impl FnMut(Row) -> anyhow::Result<()>,
) -> anyhow::Result<Option<WithoutText>> {
    let mut failed = None;
    let without_text = source.for_each_row(&mut |read| match row(read) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    })?;
    failed.map_or(Ok(without_text), Err)
}
