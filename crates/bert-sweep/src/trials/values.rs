//! Argument values as text and as JSON.

use serde_json::Value as Json;
use toml::Value;

/// A TOML value as text that is equal for equal values: 3 and 3.0 are one number.
pub(crate) fn canonical(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Float(number) => number.to_string(),
        other => other.to_string(),
    }
}

/// A TOML value as JSON.
pub(crate) fn json(value: &Value) -> Json {
    serde_json::to_value(value).unwrap_or_default()
}

/// A JSON value as it is typed on a command line.
pub(crate) fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
