//! Reading of raw files, a part of the rows at a time.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, Int64Array, StringArray};

use super::columns::{COLUMNS, KEPT_COLUMNS};
use super::{LABEL_ORDER, RawMetadata, Record, SourceLocation, WITHOUT_MEANING};
use crate::error::{CorpusError, Result};
use crate::parquet_file::{Batch, ParquetFile};

/// A raw file, opened, whose rows can be read any number of times.
#[derive(Debug)]
pub struct RawReader {
    file: ParquetFile,
    pub(super) metadata: RawMetadata,
}

type EachBatch<'a> = dyn FnMut(&Batch, Vec<RowTarget>) -> Result<ControlFlow<()>> + 'a;

/// The columns of a [`RowTarget`].
const COLUMNS_OF_TARGETS: [&str; 5] = ["id", "sentence_id", "label", "score", "is_root"];

/// The columns by which rows of a raw file are known to be phrases.
const COLUMNS_OF_PHRASES: [&str; 4] = ["id", "sentence_id", "text", "is_root"];

/// A row without its text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowTarget {
    /// As in [`Record`].
    pub id: i64,
    /// As in [`Record`].
    pub sentence_id: i64,
    /// As in [`Record`].
    pub label: Option<i32>,
    /// As in [`Record`].
    pub score: Option<f32>,
    /// As in [`Record`].
    pub is_root: bool,
}

/// Whether a Parquet file from anywhere has the columns of a raw file and phrases among its rows, which are no texts of their own
/// that a table has; and if so, whether the metadata of a raw file are still there.
///
/// # Errors
/// Fails when the file cannot be read as Parquet.
pub fn phrases_of(path: &Path) -> Result<Option<HasMetadata>> {
    let file = ParquetFile::open(path)?;
    if !COLUMNS_OF_PHRASES.iter().all(|column| file.has(column)) {
        return Ok(None);
    }
    let mut has_phrases = false;
    file.for_each_batch(&["is_root"], &mut |batch| {
        // Of other values it is somebody else's column.
        has_phrases = batch.booleans("is_root").is_ok_and(|is_root| is_root.false_count() > 0);
        Ok(if has_phrases { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(has_phrases.then(|| HasMetadata(file.metadata("label_names").is_some() && file.metadata("dataset").is_some())))
}

/// Whether a file still says what the stage that wrote it noted in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HasMetadata(pub bool);

impl RawReader {
    /// Opens a file and checks that its columns and metadata are there.
    ///
    /// # Errors
    /// Fails when the file cannot be read as Parquet, or lacks a column or a fact.
    pub fn open(path: &Path) -> Result<Self> {
        let file = ParquetFile::open(path)?;
        let kept: Vec<String> = match file.metadata(KEPT_COLUMNS) {
            Some(_) => file.parsed_metadata(KEPT_COLUMNS, |text| serde_json::from_str(text))?,
            None => Vec::new(),
        };
        let of_version_1 = COLUMNS.iter().take(6).copied();
        if let Some(missing) = of_version_1.chain(kept.iter().map(String::as_str)).find(|column| !file.has(column)) {
            return Err(file.missing(missing));
        }
        let metadata = RawMetadata {
            label_names: file.parsed_metadata("label_names", |text| serde_json::from_str(text))?,
            ordered: file.metadata(LABEL_ORDER) != Some(WITHOUT_MEANING),
            dataset: file.required_metadata("dataset")?.to_owned(),
            source: file.required_metadata("source")?.to_owned(),
            license: file.required_metadata("licence")?.to_owned(),
            kept,
        };
        Ok(Self { file, metadata })
    }

    /// The file's metadata.
    pub fn metadata(&self) -> &RawMetadata {
        &self.metadata
    }

    /// How many rows the file says that it has.
    pub fn n_rows(&self) -> u64 {
        self.file.n_rows()
    }

    /// Reads all rows in their order, until `each` breaks.
    ///
    /// # Errors
    /// Fails when the file is not a raw file in every respect: no rows, a wrong type, a null where none may be, ids that do
    /// not ascend, a label without a name.
    pub fn for_each(&self, each: &mut dyn FnMut(Record) -> ControlFlow<()>) -> Result<()> {
        let kept = self.metadata.kept.iter().map(String::as_str);
        let wanted: Vec<&str> = COLUMNS.into_iter().chain(kept).collect();
        let mut file_names: HashSet<Arc<str>> = HashSet::new();
        self.for_each_batch(&wanted, &mut |batch, targets| {
            let others = OtherColumns::of(self, batch)?;
            for (row, target) in targets.into_iter().enumerate() {
                if each(others.record(row, target, &mut file_names)).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Reads what all rows are to learn, and no text, in the order of the rows.
    ///
    /// # Errors
    /// As [`RawReader::for_each`].
    pub fn for_each_target(&self, each: &mut dyn FnMut(RowTarget)) -> Result<()> {
        self.for_each_batch(&COLUMNS_OF_TARGETS, &mut |_, targets| {
            targets.into_iter().for_each(&mut *each);
            Ok(ControlFlow::Continue(()))
        })
    }

    fn for_each_batch(&self, wanted: &[&str], each: &mut EachBatch) -> Result<()> {
        let mut last_id = None;
        self.file.for_each_batch(wanted, &mut |batch| {
            let targets = targets(&batch, self.metadata.label_names.len())?;
            for (row, target) in (batch.first_row()..).zip(&targets) {
                if last_id.is_some_and(|last| last >= target.id) {
                    return Err(self.file.wrong_value(row, "column id does not ascend".to_owned()));
                }
                last_id = Some(target.id);
            }
            each(&batch, targets)
        })?;
        if last_id.is_none() {
            return Err(CorpusError::Empty { file: self.file.path().to_owned() });
        }
        Ok(())
    }
}

fn targets(batch: &Batch, n_labels: usize) -> Result<Vec<RowTarget>> {
    let ids = batch.not_null("id", &batch.integers("id")?)?;
    let sentence_ids = batch.not_null("sentence_id", &batch.integers("sentence_id")?)?;
    let is_root = batch.not_null("is_root", &batch.booleans("is_root")?)?;
    let (labels, scores) = (batch.labels(n_labels)?, batch.floats("score")?);
    // All columns of a batch have the same length.
    let columns = ids.into_iter().zip(sentence_ids).zip(is_root).zip(labels).zip(&scores);
    let target = |((((id, sentence_id), is_root), label), score)| RowTarget { id, sentence_id, label, score, is_root };
    Ok(columns.map(target).collect())
}

/// The columns that only whole records have.
struct OtherColumns {
    texts: StringArray,
    depths: Option<Int64Array>,
    places: Option<(StringArray, Int64Array)>,
    kept: Vec<StringArray>,
}

impl OtherColumns {
    fn of(reader: &RawReader, batch: &Batch) -> Result<Self> {
        let has = |column| reader.file.has(column);
        let texts = batch.strings("text")?;
        batch.not_null("text", &texts)?;
        let has_places = has("source_file") && has("source_line");
        Ok(Self {
            texts,
            depths: has("depth").then(|| batch.integers("depth")).transpose()?,
            places: if has_places {
                Some((batch.strings("source_file")?, batch.integers("source_line")?))
            } else {
                None
            },
            kept: reader.metadata.kept.iter().map(|column| batch.strings(column)).collect::<Result<_>>()?,
        })
    }

    /// The record of a row, which is below the length of all columns.
    fn record(&self, row: usize, target: RowTarget, file_names: &mut HashSet<Arc<str>>) -> Record {
        let text = |column: &StringArray| column.is_valid(row).then(|| column.value(row).to_owned());
        let number = |column: &Int64Array| column.is_valid(row).then(|| column.value(row));
        let source = self.places.as_ref().and_then(|(files, lines)| {
            let (file, line) = (files.is_valid(row).then(|| files.value(row))?, number(lines)?);
            Some(SourceLocation { file: shared(file_names, file), line })
        });
        // Files of version 1 do not say how deep a node is.
        let depth = self.depths.as_ref().and_then(number).and_then(|depth| i32::try_from(depth).ok());
        Record {
            sentence_id: target.sentence_id,
            label: target.label,
            score: target.score,
            is_root: target.is_root,
            depth: depth.unwrap_or(i32::from(!target.is_root)),
            source,
            kept: self.kept.iter().map(text).collect(),
            ..Record::sentence(target.id, self.texts.value(row))
        }
    }
}

/// One copy of each name for all rows that have it.
fn shared(names: &mut HashSet<Arc<str>>, name: &str) -> Arc<str> {
    if let Some(known) = names.get(name) {
        return known.clone();
    }
    let name: Arc<str> = name.into();
    names.insert(name.clone());
    name
}
