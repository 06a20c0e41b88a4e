//! Some rows of a Parquet file, column by column.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Float32Array, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    ArrowTimestampType, DataType, Field, Float32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};

use super::types::{has_text_form, is_plain, is_text};
use super::{ParquetFile, decode};
use crate::error::{CorpusError, Result};

/// Some rows of some columns.
pub(crate) struct Batch<'a> {
    pub(super) file: &'a ParquetFile,
    pub(super) rows: RecordBatch,
    /// The number of its first row, from 1.
    pub(super) first_row: u64,
}

impl Batch<'_> {
    pub(crate) fn len(&self) -> usize {
        self.rows.num_rows()
    }

    /// The number of its first row, from 1.
    pub(crate) fn first_row(&self) -> u64 {
        self.first_row
    }

    pub(crate) fn strings(&self, column: &str) -> Result<StringArray> {
        Ok(self.cast(column, "text", is_text, &DataType::Utf8)?.as_string::<i32>().clone())
    }

    pub(crate) fn integers(&self, column: &str) -> Result<Int64Array> {
        let integers = self.cast(column, "integers", DataType::is_integer, &DataType::Int64)?;
        Ok(integers.as_primitive::<Int64Type>().clone())
    }

    pub(crate) fn floats(&self, column: &str) -> Result<Float32Array> {
        let numbers = self.cast(column, "numbers", DataType::is_numeric, &DataType::Float32)?;
        Ok(numbers.as_primitive::<Float32Type>().clone())
    }

    pub(crate) fn booleans(&self, column: &str) -> Result<BooleanArray> {
        let is_boolean = |found: &DataType| *found == DataType::Boolean;
        Ok(self.cast(column, "booleans", is_boolean, &DataType::Boolean)?.as_boolean().clone())
    }

    /// The values of a column of numbers, booleans or text, through a dictionary or not, each as text.
    pub(crate) fn values_as_text(&self, column: &str) -> Result<StringArray> {
        let values = self.cast(column, "numbers, booleans or text", is_plain, &DataType::Utf8)?;
        Ok(values.as_string::<i32>().clone())
    }

    /// The values of a column of any type that has a form as text.
    pub(crate) fn any_as_text(&self, column: &str) -> Result<StringArray> {
        let values = self.cast(column, "values that can be written as text", has_text_form, &DataType::Utf8)?;
        Ok(values.as_string::<i32>().clone())
    }

    /// The categories of a dictionary column of text.
    pub(crate) fn categories(&self, column: &str) -> Result<Vec<String>> {
        let dictionary = decode(self.file.path(), || {
            let column = self.rows.column_by_name(column).and_then(|column| column.as_any_dictionary_opt());
            Ok(column.map(|column| arrow::compute::cast(column.values(), &DataType::Utf8)).transpose()?)
        })?;
        let categories = dictionary.iter().flat_map(|values| values.as_string::<i32>()).flatten();
        Ok(categories.map(str::to_owned).collect())
    }

    pub(crate) fn integer_lists(&self, column: &str) -> Result<ListArray> {
        let is_list = |found: &DataType| matches!(found, DataType::List(item) if matches!(item.data_type(), DataType::Int32 | DataType::Int8));
        let list = DataType::List(Field::new("element", DataType::Int32, true).into());
        Ok(self.cast(column, "lists of int32 or int8", is_list, &list)?.as_list::<i32>().clone())
    }

    /// The column `label`: indices of the file's `n_names` label names; -1 and null mean that there is none.
    pub(crate) fn labels(&self, n_names: usize) -> Result<Vec<Option<i32>>> {
        let values = self.integers("label")?;
        let checked = values.iter().zip(self.first_row..).map(|(label, row)| {
            let Some(label) = label.filter(|&label| label != -1) else { return Ok(None) };
            let known = usize::try_from(label).is_ok_and(|label| label < n_names);
            i32::try_from(label).ok().filter(|_| known).map(Some).ok_or_else(|| {
                let problem = format!("column label is {label}; the file names {n_names} labels, from 0");
                self.file.wrong_value(row, problem)
            })
        });
        checked.collect()
    }

    /// The values of a column that may not be null.
    pub(crate) fn not_null<T>(&self, column: &str, values: impl IntoIterator<Item = Option<T>>) -> Result<Vec<T>> {
        let checked = values.into_iter().zip(self.first_row..).map(|(value, row)| {
            value.ok_or_else(|| self.file.wrong_value(row, format!("column {column} is null; expected a value")))
        });
        checked.collect()
    }

    /// A column, cast to `to` without loss; `expected` says in words what `accepts` accepts.
    fn cast(
        &self,
        column: &str,
        expected: &'static str,
        accepts: impl Fn(&DataType) -> bool,
        to: &DataType,
    ) -> Result<ArrayRef> {
        let Some(values) = self.rows.column_by_name(column) else { return Err(self.file.missing(column)) };
        if !accepts(values.data_type()) {
            return Err(CorpusError::ColumnType {
                file: self.file.path().to_owned(),
                column: column.to_owned(),
                expected,
                found: values.data_type().to_string(),
            });
        }
        let strict = CastOptions { safe: false, ..CastOptions::default() };
        decode(self.file.path(), || Ok(cast_with_options(&in_utc(values), to, &strict)?))
    }
}

/// Moments of a named time zone in UTC, which needs no table of zones; other values as they are.
fn in_utc(values: &ArrayRef) -> ArrayRef {
    fn of<T: ArrowTimestampType>(values: &ArrayRef) -> ArrayRef {
        Arc::new(values.as_primitive::<T>().clone().with_timezone("+00:00"))
    }
    match values.data_type() {
        DataType::Timestamp(TimeUnit::Second, Some(_)) => of::<TimestampSecondType>(values),
        DataType::Timestamp(TimeUnit::Millisecond, Some(_)) => of::<TimestampMillisecondType>(values),
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => of::<TimestampMicrosecondType>(values),
        DataType::Timestamp(TimeUnit::Nanosecond, Some(_)) => of::<TimestampNanosecondType>(values),
        _ => Arc::clone(values),
    }
}
