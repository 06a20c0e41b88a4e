//! Parquet files: reading and writing a few typed columns and text metadata, a part of the rows at a time.
//!
//! Decoders of binary formats may panic on a crafted file. All decoding happens under [`catch_panic`], which turns that
//! into the error that any other damaged file gets.

mod types;
mod batch;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use checkpoint::StandIn;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ProjectionMask, encode_arrow_schema};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::catch_panic::catch_panic;
use crate::error::{CorpusError, Location, Result, WriteError};

pub(crate) use batch::Batch;
use types::{has_text_form, is_text};

/// What a file is that does not begin as Parquet does, if that can be told.
fn other_kind(file: &File) -> Option<&'static str> {
    let mut begin = [0; 8];
    let n = file.read_at(&mut begin, 0).unwrap_or_default();
    match &begin[..n] {
        [] => Some("it is empty"),
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] | [b'F', b'E', b'A', b'1', ..] => {
            Some("it is an Arrow file, such as Feather; write it as Parquet")
        }
        [b'P', b'A', b'R', _, ..] => None,
        text if text.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n')) => {
            Some("it is a text; let its name end in .csv, .tsv, .jsonl or .json")
        }
        _ => None,
    }
}

/// Rows of a row group: small enough to skip, large enough to compress.
pub(crate) const ROW_GROUP_SIZE: usize = 1 << 16;
/// Rows that are written at a time; it divides a row group, so that a row group is the same however its rows come.
pub(crate) const WRITE_SIZE: usize = 1 << 13;

/// Rows that are decoded at a time.
const BATCH_SIZE: usize = 4096;

/// A Parquet file, opened: its columns and metadata are known, and its rows can be read any number of times.
#[derive(Debug)]
pub(crate) struct ParquetFile {
    path: PathBuf,
    metadata: BTreeMap<String, String>,
    column_names: Vec<String>,
    schema: SchemaRef,
    n_rows: u64,
    skips_arrow_schema: bool,
}

impl ParquetFile {
    /// Reads the description of a file and none of its rows.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let unreadable = |source| CorpusError::Read { file: path.to_owned(), source };
        let mut file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.is_file()
            && let Some(stand_in) = StandIn::in_file(&mut file).map_err(unreadable)?
        {
            return Err(CorpusError::Damaged {
                file: path.to_owned(),
                format: "Parquet",
                problem: stand_in.to_string(),
            });
        }
        if let Some(problem) = metadata.is_file().then(|| other_kind(&file)).flatten() {
            return Err(CorpusError::Damaged { file: path.to_owned(), format: "Parquet", problem: problem.to_owned() });
        }
        decode(path, || {
            let mut builder = ParquetRecordBatchReaderBuilder::try_new(file.try_clone()?)?;
            // The decoder knows no such dictionary; without the Arrow schema the values are plain booleans.
            let skips_arrow_schema =
                builder.schema().fields().iter().any(|field| is_dictionary_of_booleans(field.data_type()));
            if skips_arrow_schema {
                builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, without_arrow_schema())?;
            }
            let columns = builder.metadata().row_groups().iter().flat_map(|group| group.columns());
            if let Some(codec) = columns.map(|column| column.compression()).find(is_unread) {
                let problem = format!(
                    "its columns are compressed with {codec}, which is not read; write it with zstd, gzip or snappy"
                );
                return Err(ParquetError::General(problem));
            }
            let key_values = builder.metadata().file_metadata().key_value_metadata().into_iter().flatten();
            let metadata =
                key_values.filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?))).collect::<BTreeMap<_, _>>();
            let schema = builder.schema().clone();
            let column_names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
            let n_rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or_default();
            Ok(Self { path: path.to_owned(), metadata, column_names, schema, n_rows, skips_arrow_schema })
        })
    }

    /// Reads those of `wanted` columns that the file has, some rows after the other, until `each` breaks.
    pub(crate) fn for_each_batch(
        &self,
        wanted: &[&str],
        each: &mut dyn FnMut(Batch) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let path = &self.path;
        let file = File::open(path).map_err(|source| CorpusError::Read { file: path.clone(), source })?;
        let mut reader = decode(path, || {
            let builder = if self.skips_arrow_schema {
                ParquetRecordBatchReaderBuilder::try_new_with_options(file, without_arrow_schema())?
            } else {
                ParquetRecordBatchReaderBuilder::try_new(file)?
            };
            let roots = self.column_names.iter().enumerate().filter(|(_, name)| wanted.contains(&name.as_str()));
            let projection = ProjectionMask::roots(builder.parquet_schema(), roots.map(|(index, _)| index));
            builder.with_projection(projection).with_batch_size(BATCH_SIZE).build()
        })?;
        let mut first_row = 1;
        while let Some(rows) = decode(path, || Ok(reader.next().transpose()?))? {
            let n_rows = rows.num_rows() as u64;
            if each(Batch { file: self, rows, first_row })?.is_break() {
                return Ok(());
            }
            first_row += n_rows;
        }
        Ok(())
    }

    /// How many rows the file says that it has.
    pub(crate) fn n_rows(&self) -> u64 {
        self.n_rows
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// All columns of the file.
    pub(crate) fn column_names(&self) -> &[String] {
        &self.column_names
    }

    pub(crate) fn has(&self, column: &str) -> bool {
        self.column_names.iter().any(|name| name == column)
    }

    pub(crate) fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// A value of the file's metadata that must be there.
    pub(crate) fn required_metadata(&self, key: &'static str) -> Result<&str> {
        let missing = || CorpusError::Metadata { file: self.path.clone(), key, problem: "is missing".to_owned() };
        self.metadata(key).ok_or_else(missing)
    }

    /// As [`ParquetFile::required_metadata`], parsed: `parse` may refuse the value in words.
    pub(crate) fn parsed_metadata<T, E: ToString>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T> {
        let text = self.required_metadata(key)?;
        parse(text).map_err(|error| {
            let problem = format!("is `{text}`: {}", error.to_string());
            CorpusError::Metadata { file: self.path.clone(), key, problem }
        })
    }

    pub(crate) fn type_of(&self, column: &str) -> Result<&DataType> {
        let field = self.schema.fields().iter().find(|field| field.name() == column);
        field.map(|field| field.data_type()).ok_or_else(|| self.missing(column))
    }

    /// Whether the values of a column can be written as text.
    pub(crate) fn has_text_form(&self, column: &str) -> bool {
        self.type_of(column).is_ok_and(has_text_form)
    }

    pub(crate) fn missing(&self, column: &str) -> CorpusError {
        CorpusError::MissingColumn {
            file: self.path.clone(),
            column: column.to_owned(),
            found: self.column_names.clone(),
            hint: String::new(),
        }
    }

    /// Whether a column is there and holds integers.
    pub(crate) fn is_integer(&self, column: &str) -> bool {
        self.type_of(column).is_ok_and(DataType::is_integer)
    }

    /// Whether a column is a dictionary of text that says that its categories are ordered.
    pub(crate) fn has_ordered_categories(&self, column: &str) -> bool {
        let field = self.schema.fields().iter().find(|field| field.name() == column);
        // Of other values than text the order is lost in the file: they come in the order of the rows.
        field.is_some_and(|field| {
            matches!(field.data_type(), DataType::Dictionary(_, value) if is_text(value))
                && field.dict_is_ordered() == Some(true)
        })
    }

    /// An error about one row, counted from 1.
    pub(crate) fn wrong_value(&self, row: u64, problem: String) -> CorpusError {
        CorpusError::Value { file: self.path.clone(), location: Location::Row(row), problem }
    }
}

fn is_unread(codec: &Compression) -> bool {
    matches!(codec, Compression::LZO | Compression::BROTLI(_))
}

fn without_arrow_schema() -> ArrowReaderOptions {
    ArrowReaderOptions::new().with_skip_arrow_metadata(true)
}

fn is_dictionary_of_booleans(found: &DataType) -> bool {
    matches!(found, DataType::Dictionary(_, value) if **value == DataType::Boolean)
}

/// Decodes under [`catch_panic`]; the error names the file.
pub(super) fn decode<T>(path: &Path, run: impl FnOnce() -> Result<T, ParquetError>) -> Result<T> {
    catch_panic(run).map_err(|problem| CorpusError::Damaged { file: path.to_owned(), format: "Parquet", problem })
}

/// A Parquet file that is written row group by row group. Equal rows and metadata give equal bytes, however the rows
/// come.
pub(crate) struct ParquetWriter<W: Write + Send> {
    writer: ArrowWriter<W>,
    /// Written after the pairs of the metadata, so that these may be known at the end only.
    arrow_schema: String,
}

impl<W: Write + Send> ParquetWriter<W> {
    pub(crate) fn new(sink: W, schema: SchemaRef) -> Result<Self, WriteError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(ROW_GROUP_SIZE))
            .build();
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let arrow_schema = encode_arrow_schema(&schema);
        Ok(Self { writer: ArrowWriter::try_new_with_options(sink, schema, options)?, arrow_schema })
    }

    /// Writes rows: [`WRITE_SIZE`] of them, or the last ones.
    pub(crate) fn write(&mut self, rows: &RecordBatch) -> Result<(), WriteError> {
        Ok(self.writer.write(rows)?)
    }

    /// Ends the file with its metadata.
    pub(crate) fn finish(mut self, metadata: &[(&str, String)]) -> Result<(), WriteError> {
        let pairs = metadata.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone()));
        pairs.for_each(|pair| self.writer.append_key_value_metadata(pair));
        self.writer.append_key_value_metadata(KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), self.arrow_schema));
        self.writer.close()?;
        Ok(())
    }
}

/// Writes a whole table.
#[cfg(test)]
pub(crate) fn write(
    sink: impl Write + Send,
    batch: &RecordBatch,
    metadata: &[(&str, String)],
) -> Result<(), WriteError> {
    let mut writer = ParquetWriter::new(sink, batch.schema())?;
    writer.write(batch)?;
    writer.finish(metadata)
}

#[cfg(test)]
pub(crate) mod mutation;
