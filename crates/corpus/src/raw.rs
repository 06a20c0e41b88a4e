//! Raw Parquet schema (`raw/*.parquet`): what `sst-fetch` writes, one row per text, in the order of its source.
//!
//! | column | type | meaning |
//! |---|---|---|
//! | `id` | int64 | ascending, unique in the file |
//! | `sentence_id` | int64 | the sentence that the text is or belongs to |
//! | `text` | utf8 | never null |
//! | `label` | int32, nullable | index of a label name; null where there is none |
//! | `score` | float32, nullable | sentiment as a number |
//! | `is_root` | bool | whether the text is a whole sentence |
//!
//! File metadata: `label_names` (a JSON list), `dataset`, `source`, `licence`; `label_order` only where the order of the
//! names says nothing of their meaning. No time and no path is written: equal rows give equal bytes.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float32Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::errors::ParquetError;
use serde_json::json;

use crate::error::{CorpusError, Result, WriteError};
use crate::parquet_file::{self, ParquetFile};

/// One text.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Unique in its file.
    pub id: i64,
    /// The sentence that the text is or belongs to.
    pub sentence_id: i64,
    /// The text.
    pub text: String,
    /// Index of a label name.
    pub label: Option<i32>,
    /// Sentiment as a number.
    pub score: Option<f32>,
    /// Whether the text is a whole sentence.
    pub is_root: bool,
    /// The edges between the sentence and this node of its tree; 0 where `is_root`.
    pub depth: i32,
    /// Where the text was read, if that is known.
    pub source: Option<SourcePlace>,
    /// The values of the columns of [`RawMetadata::kept`].
    pub kept: Vec<Option<String>>,
}

/// A place in a file of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourcePlace {
    /// The file's name, without folders.
    pub file: Arc<str>,
    /// The line, or the row where the file has no lines; from 1.
    pub line: i64,
}

impl Record {
    /// A whole sentence without label or score, of an unknown source.
    pub fn sentence(id: i64, text: impl Into<String>) -> Self {
        Self {
            id,
            sentence_id: id,
            text: text.into(),
            label: None,
            score: None,
            is_root: true,
            depth: 0,
            source: None,
            kept: Vec::new(),
        }
    }
}

/// The name of the embedded sample dataset, on which no figure means anything outside of it.
pub const SAMPLE: &str = "sample";

/// The key of the metadata that is there where the order of the label names says nothing of their meaning.
pub(crate) const LABEL_ORDER: &str = "label_order";
pub(crate) const WITHOUT_MEANING: &str = "without meaning";

/// The metadata of a raw file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMetadata {
    /// The names of the labels; empty where there are only scores.
    pub label_names: Vec<String>,
    /// Whether the order of the names says something of their meaning, the most negative first.
    pub ordered: bool,
    /// The name of the dataset.
    pub dataset: String,
    /// Where it came from.
    pub source: String,
    /// The license of the data; `licence` in the file.
    pub license: String,
    /// The columns that the user asked to keep, by their names in this file.
    pub kept: Vec<String>,
}

/// Writes a raw file row by row.
#[derive(Debug)]
pub struct RawWriter<W> {
    sink: W,
    set: RawSet,
}

impl<W: Write + Send> RawWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// Fails when the sink does.
    pub fn new(sink: W, metadata: RawMetadata) -> Result<Self, WriteError> {
        Ok(Self { sink, set: RawSet { metadata, records: Vec::new() } })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// Fails when the sink does.
    pub fn write(&mut self, record: Record) -> Result<(), WriteError> {
        self.set.records.push(record);
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Fails when the sink does.
    pub fn finish(self) -> Result<(), WriteError> {
        self.set.write(self.sink)
    }
}

/// A raw file in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct RawSet {
    /// The file's metadata.
    pub metadata: RawMetadata,
    /// Its rows, their ids ascending.
    pub records: Vec<Record>,
}

impl RawSet {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// Fails when the file is not a raw file in every respect: a missing column, a wrong type, a null where none may
    /// be, ids that do not ascend, a label without a name.
    pub fn read(path: &Path) -> Result<Self> {
        let file = ParquetFile::read(path, &["id", "sentence_id", "text", "label", "score", "is_root"])?;
        let metadata = RawMetadata {
            label_names: file.parsed_metadata("label_names", |text| serde_json::from_str(text))?,
            ordered: file.metadata(LABEL_ORDER) != Some(WITHOUT_MEANING),
            dataset: file.required_metadata("dataset")?.to_owned(),
            source: file.required_metadata("source")?.to_owned(),
            license: file.required_metadata("licence")?.to_owned(),
            kept: Vec::new(),
        };
        let records = records(&file, metadata.label_names.len())?;
        if records.is_empty() {
            return Err(CorpusError::Empty { file: path.to_owned() });
        }
        if let Some(i) = records.windows(2).position(|pair| pair[0].id >= pair[1].id) {
            return Err(file.wrong_value(i as u64 + 2, "column id does not ascend".to_owned()));
        }
        Ok(Self { metadata, records })
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Fails when the sink does.
    pub fn write(&self, sink: impl Write + Send) -> Result<(), WriteError> {
        let rows = &self.records;
        let columns: Vec<(Field, ArrayRef)> = vec![
            (
                Field::new("id", DataType::Int64, false),
                Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.id))),
            ),
            (
                Field::new("sentence_id", DataType::Int64, false),
                Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.sentence_id))),
            ),
            (
                Field::new("text", DataType::Utf8, false),
                Arc::new(StringArray::from_iter_values(rows.iter().map(|r| &r.text))),
            ),
            (Field::new("label", DataType::Int32, true), Arc::new(Int32Array::from_iter(rows.iter().map(|r| r.label)))),
            (
                Field::new("score", DataType::Float32, true),
                Arc::new(Float32Array::from_iter(rows.iter().map(|r| r.score))),
            ),
            (
                Field::new("is_root", DataType::Boolean, false),
                Arc::new(BooleanArray::from_iter(rows.iter().map(|r| Some(r.is_root)))),
            ),
        ];
        let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(ParquetError::from)?;
        let mut metadata = vec![
            ("label_names", json!(self.metadata.label_names).to_string()),
            ("dataset", self.metadata.dataset.clone()),
            ("source", self.metadata.source.clone()),
            ("licence", self.metadata.license.clone()),
        ];
        if !self.metadata.ordered {
            metadata.push((LABEL_ORDER, WITHOUT_MEANING.to_owned()));
        }
        parquet_file::write(sink, &batch, &metadata)
    }

    /// The row with this id.
    pub fn by_id(&self, id: i64) -> Option<&Record> {
        let index = self.records.binary_search_by_key(&id, |record| record.id).ok()?;
        self.records.get(index)
    }
}

fn records(file: &ParquetFile, n_labels: usize) -> Result<Vec<Record>> {
    let (ids, sentence_ids, texts) = (file.integers("id")?, file.integers("sentence_id")?, file.strings("text")?);
    let (scores, is_root) = (file.floats("score")?, file.booleans("is_root")?);
    let mut ids = file.not_null("id", ids.iter().flatten())?.into_iter();
    let mut sentence_ids = file.not_null("sentence_id", sentence_ids.iter().flatten())?.into_iter();
    let mut labels = file.labels(n_labels)?.into_iter();
    let mut scores = scores.iter().flatten();
    let mut is_root = file.not_null("is_root", is_root.iter().flatten())?.into_iter();
    let texts = file.not_null("text", texts.iter().flatten())?.into_iter();
    // All columns of a Parquet file have the same length.
    let records = texts.map_while(|text| {
        Some(Record {
            sentence_id: sentence_ids.next()?,
            label: labels.next()?,
            score: scores.next()?,
            is_root: is_root.next()?,
            ..Record::sentence(ids.next()?, text)
        })
    });
    Ok(records.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parquet_file::mutation::for_each_damaged;
    use std::io::Write;

    pub(crate) fn sample() -> RawSet {
        let record = |id, text: &str, label, score| Record {
            sentence_id: id / 2,
            label,
            score,
            is_root: id % 2 == 0,
            ..Record::sentence(id, text)
        };
        RawSet {
            metadata: RawMetadata {
                label_names: vec!["negative".to_owned(), "positive".to_owned()],
                ordered: true,
                dataset: "test".to_owned(),
                source: "a \"test\"".to_owned(),
                license: "none".to_owned(),
                kept: Vec::new(),
            },
            records: vec![
                record(0, "It works .", Some(1), None),
                record(1, "It\u{a0}", None, Some(0.25)),
                record(5, "", Some(0), None),
            ],
        }
    }

    fn file_of(set: &RawSet) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        set.write(&mut file).unwrap();
        file
    }

    #[test]
    fn what_is_written_is_read_and_equal_rows_are_equal_bytes() {
        let set = sample();
        let file = file_of(&set);
        assert_eq!(RawSet::read(file.path()).unwrap(), set);
        let mut by_alphabet = set.clone();
        by_alphabet.metadata.ordered = false;
        assert_eq!(RawSet::read(file_of(&by_alphabet).path()).unwrap(), by_alphabet);
        assert_eq!(set.by_id(5).unwrap().text, "");
        assert_eq!(set.by_id(2), None);
        assert_eq!(std::fs::read(file.path()).unwrap(), std::fs::read(file_of(&set).path()).unwrap());
    }

    #[test]
    fn wrong_content_is_named_with_its_row() {
        let problem = |change: fn(&mut RawSet)| {
            let mut set = sample();
            change(&mut set);
            let file = file_of(&set);
            let message = RawSet::read(file.path()).unwrap_err().to_string();
            message.replace(&file.path().display().to_string(), "FILE")
        };
        assert_eq!(
            problem(|set| set.records[1].label = Some(2)),
            "FILE, row 2: column label is 2; the file names 2 labels, from 0"
        );
        assert_eq!(problem(|set| set.records[2].id = 1), "FILE, row 3: column id does not ascend");
        assert_eq!(problem(|set| set.records.clear()), "FILE is empty; expected at least one row");
    }

    #[test]
    fn a_file_of_another_kind_is_refused() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"text,label\nfine,1\n").unwrap();
        let message = RawSet::read(file.path()).unwrap_err().to_string();
        assert!(message.contains("cannot be read as Parquet"), "{message}");
        assert!(matches!(RawSet::read(Path::new("/nowhere/train.parquet")), Err(CorpusError::Read { .. })));
    }

    #[test]
    fn no_damaged_file_panics() {
        let bytes = std::fs::read(file_of(&sample()).path()).unwrap();
        for_each_damaged(&bytes, |path| {
            let _ = RawSet::read(path);
        });
    }
}
