//! Types of columns: what they hold, and what has a form as text.

use arrow::compute::can_cast_types;
use arrow::datatypes::DataType;

/// Whether a column holds text, as it is or through a dictionary.
pub(super) fn is_text(found: &DataType) -> bool {
    match found {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

/// Whether the values of a column have a plain form as text.
pub(super) fn is_plain(found: &DataType) -> bool {
    match found {
        DataType::Boolean | DataType::Null => true,
        DataType::Dictionary(_, value) => is_plain(value),
        other => other.is_numeric() || is_text(other),
    }
}

pub(super) fn has_text_form(found: &DataType) -> bool {
    can_cast_types(found, &DataType::Utf8) && !found.is_nested()
}
