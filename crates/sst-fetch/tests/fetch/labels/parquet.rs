//! Parquet files with a label column of any type, as pandas and the `datasets` library write them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

/// A file with this column of labels; the texts are t1, t2, ...
pub(crate) fn labeled(labels: impl Array + 'static) -> Vec<u8> {
    with_texts(vec![column("label", labels)], &[])
}

/// A column that may hold nulls.
pub(crate) fn column(name: &str, values: impl Array + 'static) -> (Field, ArrayRef) {
    (Field::new(name, values.data_type().clone(), true), Arc::new(values))
}

/// A file with these columns after one of texts t1, t2, ..., and this metadata.
pub(crate) fn with_texts(columns: Vec<(Field, ArrayRef)>, metadata: &[(&str, &str)]) -> Vec<u8> {
    let pairs = metadata.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), (*value).to_owned()));
    written(columns, WriterProperties::builder().set_key_value_metadata(Some(pairs.collect())).build())
}

/// The same, compressed.
pub(crate) fn compressed(codec: Compression, columns: Vec<(Field, ArrayRef)>) -> Vec<u8> {
    written(columns, WriterProperties::builder().set_compression(codec).build())
}

fn written(mut columns: Vec<(Field, ArrayRef)>, properties: WriterProperties) -> Vec<u8> {
    let n_rows = columns.first().map_or(0, |(_, values)| values.len());
    let texts: StringArray = (1..=n_rows).map(|row| Some(format!("t{row}"))).collect();
    columns.insert(0, column("text", texts));
    let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// A file of the hub: `datasets` keeps the names of a `ClassLabel` column in the file's metadata.
pub(crate) fn class_label(name: &str, names: &[&str], labels: impl Array + 'static) -> Vec<u8> {
    let features = serde_json::json!({"info": {"features": {
        "text": {"dtype": "string", "_type": "Value"},
        name: {"names": names, "_type": "ClassLabel"},
    }}});
    with_texts(vec![column(name, labels)], &[("huggingface", &features.to_string())])
}
