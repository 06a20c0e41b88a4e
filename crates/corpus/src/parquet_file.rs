//! Parquet files: reading and writing a few typed columns and text metadata.
//!
//! Decoders of binary formats may panic on a crafted file. All decoding happens under [`catch_panic`], which turns that
//! into the error that any other damaged file gets.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, AsArray, BooleanArray, Float32Array, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Float32Type, Int64Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::catch_panic::catch_panic;
use crate::error::{CorpusError, Location, Result, WriteError};

/// Rows of a row group: small enough to skip, large enough to compress.
const ROW_GROUP_SIZE: usize = 1 << 16;

/// Some columns of a Parquet file, in memory.
pub(crate) struct ParquetFile {
    path: PathBuf,
    metadata: BTreeMap<String, String>,
    column_names: Vec<String>,
    batches: Vec<RecordBatch>,
}

impl ParquetFile {
    /// Reads those of `wanted` columns that the file has.
    pub(crate) fn read(path: &Path, wanted: &[&str]) -> Result<Self> {
        let file = File::open(path).map_err(|source| CorpusError::Read { file: path.to_owned(), source })?;
        decode(path, || {
            let mut builder = ParquetRecordBatchReaderBuilder::try_new(file.try_clone()?)?;
            if builder.schema().fields().iter().any(|field| is_dictionary_of_booleans(field.data_type())) {
                // The decoder knows no such dictionary; without the Arrow schema the values are plain booleans.
                let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
                builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)?;
            }
            let key_values = builder.metadata().file_metadata().key_value_metadata().into_iter().flatten();
            let metadata =
                key_values.filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?))).collect::<BTreeMap<_, _>>();
            let column_names: Vec<String> =
                builder.schema().fields().iter().map(|field| field.name().clone()).collect();
            let roots = column_names.iter().enumerate().filter(|(_, name)| wanted.contains(&name.as_str()));
            let projection = ProjectionMask::roots(builder.parquet_schema(), roots.map(|(index, _)| index));
            let batches = builder.with_projection(projection).build()?.collect::<Result<_, _>>()?;
            Ok(Self { path: path.to_owned(), metadata, column_names, batches })
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// All columns of the file, read or not.
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

    pub(crate) fn type_of(&self, column: &str) -> Result<DataType> {
        let field = self.batches.first().and_then(|batch| batch.schema_ref().field_with_name(column).ok().cloned());
        match field {
            Some(field) => Ok(field.data_type().clone()),
            None if self.has(column) => Err(CorpusError::Empty { file: self.path.clone() }),
            None => Err(self.missing(column)),
        }
    }

    pub(crate) fn missing(&self, column: &str) -> CorpusError {
        CorpusError::MissingColumn {
            file: self.path.clone(),
            column: column.to_owned(),
            found: self.column_names.clone(),
            hint: String::new(),
        }
    }

    pub(crate) fn strings(&self, column: &str) -> Result<Vec<StringArray>> {
        let chunks = self.chunks(column, "text", is_text, &DataType::Utf8)?;
        Ok(chunks.iter().map(|chunk| chunk.as_string::<i32>().clone()).collect())
    }

    pub(crate) fn integers(&self, column: &str) -> Result<Vec<Int64Array>> {
        let chunks = self.chunks(column, "integers", DataType::is_integer, &DataType::Int64)?;
        Ok(chunks.iter().map(|chunk| chunk.as_primitive::<Int64Type>().clone()).collect())
    }

    pub(crate) fn floats(&self, column: &str) -> Result<Vec<Float32Array>> {
        let chunks = self.chunks(column, "numbers", DataType::is_numeric, &DataType::Float32)?;
        Ok(chunks.iter().map(|chunk| chunk.as_primitive::<Float32Type>().clone()).collect())
    }

    pub(crate) fn booleans(&self, column: &str) -> Result<Vec<BooleanArray>> {
        let chunks = self.chunks(column, "booleans", |found| *found == DataType::Boolean, &DataType::Boolean)?;
        Ok(chunks.iter().map(|chunk| chunk.as_boolean().clone()).collect())
    }

    /// Whether a column is there and holds integers.
    pub(crate) fn is_integer(&self, column: &str) -> bool {
        self.type_of(column).is_ok_and(|found| found.is_integer())
    }

    /// The values of a column of numbers, booleans or text, through a dictionary or not, each as text.
    pub(crate) fn values_as_text(&self, column: &str) -> Result<Vec<Option<String>>> {
        let chunks = self.chunks(column, "numbers, booleans or text", is_plain, &DataType::Utf8)?;
        Ok(chunks.iter().flat_map(|chunk| chunk.as_string::<i32>()).map(|value| value.map(str::to_owned)).collect())
    }

    /// The categories of a dictionary column of text that says that they are ordered.
    pub(crate) fn ordered_categories(&self, column: &str) -> Result<Option<Vec<String>>> {
        let mut categories: Vec<String> = Vec::new();
        for batch in &self.batches {
            let Some((index, field)) = batch.schema_ref().column_with_name(column) else { return Ok(None) };
            // Of other values than text the order is lost in the file: they come in the order of the rows.
            let is_text = matches!(field.data_type(), DataType::Dictionary(_, value) if is_text(value));
            if !is_text || field.dict_is_ordered() != Some(true) {
                return Ok(None);
            }
            let dictionary = decode(&self.path, || {
                let values = batch.column(index).as_any_dictionary_opt().map(|column| column.values().clone());
                Ok(values.map(|values| arrow::compute::cast(&values, &DataType::Utf8)).transpose()?)
            })?;
            let Some(dictionary) = dictionary else { return Ok(None) };
            for category in dictionary.as_string::<i32>().iter().flatten() {
                if !categories.iter().any(|known| known == category) {
                    categories.push(category.to_owned());
                }
            }
        }
        Ok(Some(categories).filter(|categories| !categories.is_empty()))
    }

    pub(crate) fn integer_lists(&self, column: &str) -> Result<Vec<ListArray>> {
        let is_list = |found: &DataType| matches!(found, DataType::List(item) if *item.data_type() == DataType::Int32);
        let list = DataType::List(Field::new("element", DataType::Int32, true).into());
        let chunks = self.chunks(column, "lists of int32", is_list, &list)?;
        Ok(chunks.iter().map(|chunk| chunk.as_list::<i32>().clone()).collect())
    }

    /// The column `label`: indices of the file's `n_names` label names; -1 and null mean that there is none.
    pub(crate) fn labels(&self, n_names: usize) -> Result<Vec<Option<i32>>> {
        let values = self.integers("label")?;
        let checked = values.iter().flatten().zip(1..).map(|(label, row)| {
            let Some(label) = label.filter(|&label| label != -1) else { return Ok(None) };
            let known = usize::try_from(label).is_ok_and(|label| label < n_names);
            i32::try_from(label).ok().filter(|_| known).map(Some).ok_or_else(|| {
                self.wrong_value(row, format!("column label is {label}; the file names {n_names} labels, from 0"))
            })
        });
        checked.collect()
    }

    /// The values of a column that may not be null.
    pub(crate) fn not_null<T>(&self, column: &str, values: impl Iterator<Item = Option<T>>) -> Result<Vec<T>> {
        let checked = values.zip(1..).map(|(value, row)| {
            value.ok_or_else(|| self.wrong_value(row, format!("column {column} is null; expected a value")))
        });
        checked.collect()
    }

    /// An error about one row, counted from 1.
    pub(crate) fn wrong_value(&self, row: u64, problem: String) -> CorpusError {
        CorpusError::Value { file: self.path.clone(), location: Location::Row(row), problem }
    }

    /// A column in its pieces, cast to `to` without loss; `expected` says in words what `accepts` accepts.
    fn chunks(
        &self,
        column: &str,
        expected: &'static str,
        accepts: impl Fn(&DataType) -> bool,
        to: &DataType,
    ) -> Result<Vec<ArrayRef>> {
        let found = self.type_of(column)?;
        if !accepts(&found) {
            let found = found.to_string();
            return Err(CorpusError::ColumnType {
                file: self.path.clone(),
                column: column.to_owned(),
                expected,
                found,
            });
        }
        let strict = CastOptions { safe: false, ..CastOptions::default() };
        decode(&self.path, || {
            let columns = self.batches.iter().filter_map(|batch| batch.column_by_name(column));
            columns.map(|chunk| Ok(cast_with_options(chunk, to, &strict)?)).collect()
        })
    }
}

/// Whether a column holds text, as it is or through a dictionary.
pub(crate) fn is_text(found: &DataType) -> bool {
    match found {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

/// Whether the values of a column have a plain form as text.
fn is_plain(found: &DataType) -> bool {
    match found {
        DataType::Boolean | DataType::Null => true,
        DataType::Dictionary(_, value) => is_plain(value),
        other => other.is_numeric() || is_text(other),
    }
}

fn is_dictionary_of_booleans(found: &DataType) -> bool {
    matches!(found, DataType::Dictionary(_, value) if **value == DataType::Boolean)
}

/// Decodes under [`catch_panic`]; the error names the file.
fn decode<T>(path: &Path, run: impl FnOnce() -> Result<T, ParquetError>) -> Result<T> {
    catch_panic(run).map_err(|problem| CorpusError::Damaged { file: path.to_owned(), format: "Parquet", problem })
}

/// Writes a whole table. Equal rows and metadata give equal bytes.
pub(crate) fn write(
    sink: impl Write + Send,
    batch: &RecordBatch,
    metadata: &[(&str, String)],
) -> Result<(), WriteError> {
    let pairs = metadata.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone()));
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(ROW_GROUP_SIZE))
        .set_key_value_metadata(Some(pairs.collect()))
        .build();
    let mut writer = ArrowWriter::try_new(sink, batch.schema(), Some(properties))?;
    writer.write(batch)?;
    writer.close()?;
    Ok(())
}

#[cfg(test)]
pub(crate) mod mutation;
