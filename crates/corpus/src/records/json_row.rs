//! One object of JSON as a row: text, label, score and kept values, also of keys inside others.

use std::path::Path;

use serde_json::{Map, Number, Value};

use super::format::NullText;
use super::table::{FoundColumns, Row, parse_score};
use crate::error::{CorpusError, Location, Result};

pub(super) type Object = Map<String, Value>;

/// The columns of a table of objects, by their keys.
#[derive(Debug)]
pub(super) struct JsonColumns(FoundColumns);

impl From<FoundColumns> for JsonColumns {
    fn from(found: FoundColumns) -> Self {
        Self(found)
    }
}

impl JsonColumns {
    pub(super) fn text(&self) -> &str {
        &self.0.text
    }

    pub(super) fn kept(&self) -> &[String] {
        &self.0.kept
    }

    /// The row of an object, or what is left of it where its text is null or missing.
    pub(super) fn row(&self, path: &Path, location: Location, object: &Object) -> Result<Result<Row, NullText>> {
        let found = &self.0;
        let wrong = |column: &str, expected: &str, value: &Value| {
            let problem = format!("{column} is `{value}`; expected {expected}");
            CorpusError::Value { file: path.to_owned(), location, problem }
        };
        let label = match value(object, found.label.as_deref()).map(|(column, label)| (column, only(label))) {
            None | Some((_, Value::Null)) => None,
            Some((_, Value::String(label))) => Some(label.clone()),
            Some((column, label @ Value::Number(number))) if has_lost_digits(number) => {
                return Err(wrong(column, ENOUGH_DIGITS, label));
            }
            Some((_, label @ (Value::Number(_) | Value::Bool(_)))) => Some(label.to_string()),
            Some((column, several @ Value::Array(_))) => {
                return Err(wrong(column, "one label: texts with several are not supported", several));
            }
            Some((column, other)) => return Err(wrong(column, "a number, a word, true or false", other)),
        };
        let score = match value(object, found.score.as_deref()) {
            None | Some((_, Value::Null)) => None,
            Some((column, value)) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                parse_score(&text, || wrong(column, "a finite number", value))?
            }
        };
        let kept = found.kept.iter().map(|column| match value(object, Some(column)) {
            None | Some((_, Value::Null)) => Ok(None),
            Some((_, Value::String(text))) => Ok(Some(text.clone())),
            Some((column, other @ Value::Number(number))) if has_lost_digits(number) => {
                Err(wrong(column, ENOUGH_DIGITS, other))
            }
            Some((_, other)) => Ok(Some(other.to_string())),
        });
        let kept = kept.collect::<Result<_>>()?;
        let text = match value(object, Some(&found.text)) {
            None | Some((_, Value::Null)) => return Ok(Err(NullText { location, kept })),
            Some((_, Value::String(text))) => text.clone(),
            Some((column, other)) => return Err(wrong(column, "a text", other)),
        };
        Ok(Ok(Row { location, text, label, score, node: None, kept, source: None }))
    }
}

/// What is wrong with a text that is no object. The library counts the lines of what it was given.
pub(super) fn not_an_object(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    let is_half = what.contains("hex escape") || what.contains("surrogate");
    let hint = if is_half { "; half of a character, such as an emoji that was cut: mend the text" } else { "" };
    format!("expected a JSON object: {what}, in column {}{hint}", error.column())
}

const ENOUGH_DIGITS: &str = "a number of at most 15 digits, or longer ones as a text";

/// Whether a number is a whole one that its 64 bits could not hold: others would be read as the same.
fn has_lost_digits(number: &Number) -> bool {
    number.is_f64() && number.as_f64().is_some_and(|value| value.fract() == 0.0 && value.abs() >= 1e15)
}

/// The item of a list that has one, and null for a list that has none: so annotation tools write a single label.
fn only(label: &Value) -> &Value {
    match label.as_array().map(Vec::as_slice) {
        Some([]) => &Value::Null,
        Some([only]) => only,
        _ => label,
    }
}

/// A column that the file has, with its value in this object.
pub(super) fn value<'a>(object: &'a Object, column: Option<&'a str>) -> Option<(&'a str, &'a Value)> {
    let column = column?;
    Some((column, object.get(column).or_else(|| nested(object, column))?))
}

/// The value of `a.b` in an object `a`.
pub(super) fn nested<'a>(object: &'a Object, column: &str) -> Option<&'a Value> {
    let (key, rest) = column.split_once('.')?;
    let inner = object.get(key)?.as_object()?;
    inner.get(rest).or_else(|| nested(inner, rest))
}
