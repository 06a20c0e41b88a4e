//! The Arrow schemas of the file, which the writer follows and the reader demands.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};

/// The key of the metadata that names the classes.
pub(super) const LABEL_NAMES: &str = "label_names";
/// The key of the metadata that names the columns of text, where there are some.
pub(super) const TEXT_COLUMNS: &str = "text_columns";
/// The key of the metadata that says by what the logits were divided, where that is not 1.
pub(super) const TEMPERATURE: &str = "temperature";

/// The columns that are not the user's.
pub const COLUMN_NAMES: [&str; 6] = ["id", "sentence_id", "label", "prediction", "probabilities", "logits"];

/// The column of texts, where they are kept.
pub const TEXT: &str = "text";

/// The columns of a classifier's predictions.
pub(super) fn class_columns() -> Vec<Field> {
    vec![
        Field::new("id", DataType::Int64, false),
        Field::new("sentence_id", DataType::Int64, false),
        Field::new("label", DataType::Int32, true),
        Field::new("prediction", DataType::Int32, false),
        Field::new("probabilities", DataType::List(element(&DataType::Float64)), false),
        Field::new("logits", DataType::List(element(&DataType::Float32)), false),
    ]
}

/// The columns of a regression's predictions.
pub(super) fn score_columns() -> Vec<Field> {
    vec![
        Field::new("id", DataType::Int64, false),
        Field::new("sentence_id", DataType::Int64, false),
        Field::new("label", DataType::Float32, true),
        Field::new("prediction", DataType::Float32, false),
    ]
}

/// The numbers in a list.
pub(super) fn element(data_type: &DataType) -> Arc<Field> {
    Arc::new(Field::new("element", data_type.clone(), false))
}
