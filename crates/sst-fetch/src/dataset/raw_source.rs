//! The raw files of an earlier run as a source: rows keep their ids, their sentences, and where they were read first. Of the
//! columns that the earlier run kept, those that are requested go along.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use corpus::label::SourceNames;
use corpus::raw::{RawMetadata, RawReader, Record, kept_name};
use corpus::records::{NodePlace, Row, WithoutText};
use corpus::{CorpusError, Location, shortened_list};

use super::rows::RowSource;

/// A raw file, opened.
pub(crate) struct RawSource {
    path: PathBuf,
    reader: RawReader,
    label_names: Option<SourceNames>,
    /// Where the columns that are requested are among the kept ones.
    columns: Vec<usize>,
    said: Vec<String>,
}

impl RawSource {
    /// Opens a raw file to read its rows with some of its kept columns, by the names that they had in the table or have here.
    pub(crate) fn open(path: &Path, columns: &[String]) -> corpus::Result<Self> {
        let reader = RawReader::open(path)?;
        let RawMetadata { label_names: names, ordered, kept, .. } = reader.metadata().clone();
        let position = |column: &String| {
            let found = kept.iter().position(|kept| kept == column || *kept == kept_name(column));
            found.ok_or_else(|| CorpusError::MissingColumn {
                file: path.to_owned(),
                column: column.clone(),
                found: kept.clone(),
                hint: "; raw files have the columns that were given with --keep-columns when they were fetched"
                    .to_owned(),
            })
        };
        let columns = columns.iter().map(position).collect::<corpus::Result<Vec<_>>>()?;
        let left_out = (0..).zip(&kept).filter(|(index, _)| !columns.contains(index)).map(|(_, name)| name.clone());
        let said = match left_out.collect::<Vec<_>>() {
            names if names.is_empty() => Vec::new(),
            names => vec![format!("without {}, which --keep-columns would keep", shortened_list(&names))],
        };
        let label_names = Some(SourceNames { names, ordered }).filter(|source| !source.names.is_empty());
        Ok(Self { path: path.to_owned(), reader, label_names, columns, said })
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
            kept: self.columns.iter().map(|&column| record.kept.get(column).cloned().flatten()).collect(),
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
        &self.said
    }

    fn for_each_row(&self, row: &mut dyn FnMut(Row) -> ControlFlow<()>) -> corpus::Result<Option<WithoutText>> {
        self.reader.for_each(&mut |record| row(self.row(record)))?;
        Ok(None)
    }
}
