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
//! | `depth` | int32 | edges between the sentence and this node of its tree |
//! | `source_file` | utf8, nullable | the name of the file that the text was read from |
//! | `source_line` | int64, nullable | its line there, or its row where there are no lines |
//!
//! After these come the columns that the user keeps, as text. File metadata: `label_names` (a JSON list), `dataset`, `source`,
//! `licence`; `label_order` only where the order of the names says nothing of their meaning; `kept_columns` (a JSON list)
//! only where there are some. No time and no path is written: equal rows give equal bytes. Files of version 1 of the stage
//! end with `is_root`, and are read.

mod columns;
mod reader;
mod writer;

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Result, WriteError};

pub(crate) use columns::KEPT_COLUMNS;
pub use columns::kept_name;
pub use reader::{HasMetadata, RawReader, RowTarget, phrases_of};
pub use writer::RawWriter;

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
    pub source: Option<SourceLocation>,
    /// The values of the columns of [`RawMetadata::kept`].
    pub kept: Vec<Option<String>>,
}

/// A place in a file of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLocation {
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// As [`RawReader::open`] and [`RawReader::for_each`].
    pub fn read(path: &Path) -> Result<Self> {
        let reader = RawReader::open(path)?;
        let mut records = Vec::new();
        reader.for_each(&mut |record| {
            records.push(record);
            ControlFlow::Continue(())
        })?;
        Ok(Self { metadata: reader.metadata, records })
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Fails when the sink does.
    pub fn write(&self, sink: impl Write + Send) -> Result<(), WriteError> {
        let mut writer = RawWriter::new(sink, self.metadata.clone())?;
        self.records.iter().try_for_each(|record| writer.write(record.clone()))?;
        writer.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::CorpusError;
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
