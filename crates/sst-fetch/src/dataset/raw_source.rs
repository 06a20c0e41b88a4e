//! The raw files of an earlier run as a source: rows keep their ids, their sentences, and where they were read first.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use corpus::Location;
use corpus::label::SourceNames;
use corpus::raw::{RawMetadata, RawReader, Record};
use corpus::records::{NodePlace, Row, WithoutText};

use super::rows::RowSource;

/// A raw file, opened.
pub(crate) struct RawSource {
    path: PathBuf,
    reader: RawReader,
    label_names: Option<SourceNames>,
}

impl RawSource {
    pub(crate) fn open(path: &Path) -> corpus::Result<Self> {
        let reader = RawReader::open(path)?;
        let RawMetadata { label_names: names, ordered, .. } = reader.metadata().clone();
        let label_names = Some(SourceNames { names, ordered }).filter(|source| !source.names.is_empty());
        Ok(Self { path: path.to_owned(), reader, label_names })
    }

    fn row(&self, record: Record) -> Row {
        let names = self.label_names.as_ref().map_or(&[][..], |source| &source.names);
        let label = record.label.and_then(|label| names.get(usize::try_from(label).ok()?).cloned());
        Row {
            location: Location::Id(record.id),
            text: record.text,
            label,
            score: record.score,
            node: Some(NodePlace { sentence: record.sentence_id, depth: record.depth }),
            kept: record.kept,
            source: record.source,
        }
    }
}

impl RowSource for RawSource {
    fn path(&self) -> &Path {
        &self.path
    }

    fn label_names(&self) -> Option<&SourceNames> {
        self.label_names.as_ref()
    }

    fn said(&self) -> &[String] {
        &[]
    }

    fn for_each_row(&self, row: &mut dyn FnMut(Row) -> ControlFlow<()>) -> corpus::Result<Option<WithoutText>> {
        self.reader.for_each(&mut |record| row(self.row(record)))?;
        Ok(None)
    }
}
