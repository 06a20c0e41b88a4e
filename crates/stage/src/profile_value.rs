//! A value of a profile as words of a command line, and what to say of one that its flag does not take.

use std::any::TypeId;
use std::error::Error;
use std::ffi::OsString;
use std::num::{IntErrorKind, ParseFloatError, ParseIntError};
use std::str::ParseBoolError;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction};
use toml::Value;

use crate::list::List;

/// The words that give `argument` this value; `flag` is its long flag or an alias.
///
/// A list becomes the record that a [`List`] reads, or one word for each item where the flag may be repeated.
///
/// # Errors
/// Says what was expected where the value is of a kind that the flag cannot have.
pub(crate) fn flag_words(argument: &Arg, flag: &str, value: &Value) -> Result<Vec<OsString>, String> {
    let word = |value: String| OsString::from(format!("--{flag}={value}"));
    let is_list = argument.get_value_parser().type_id() == TypeId::of::<List>();
    Ok(match (argument.get_action(), value) {
        (ArgAction::SetTrue, Value::Boolean(true)) => vec![format!("--{flag}").into()],
        (ArgAction::SetTrue, Value::Boolean(false)) => Vec::new(),
        (ArgAction::SetTrue, _) => return Err("expected true or false".to_owned()),
        (_, Value::Array(items)) if is_list => {
            let items = items.iter().map(list_item).collect::<Result<_, _>>()?;
            vec![word(List::of(items).to_string())]
        }
        (ArgAction::Append, Value::Array(items)) => {
            items.iter().map(|item| list_item(item).map(word)).collect::<Result<_, _>>()?
        }
        (_, Value::Array(_)) => return Err("expected one value, not a list".to_owned()),
        (_, value) => vec![word(plain(value)?)],
    })
}

fn list_item(item: &Value) -> Result<String, String> {
    match item {
        Value::Array(_) | Value::Table(_) => Err(format!("{item} in a list; expected a string, number or boolean")),
        item => plain(item),
    }
}

fn plain(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(number.to_string()),
        Value::Boolean(truth) => Ok(truth.to_string()),
        Value::Array(_) | Value::Table(_) => serde_json::to_string(value).map_err(|error| error.to_string()),
        Value::Datetime(_) => Err("expected a string, number, boolean, list or table".to_owned()),
    }
}

/// What is wrong with a value that clap refuses, without the flag, which nobody typed.
pub(crate) fn problem(error: &clap::Error, value: &Value) -> String {
    match (error.kind(), error.get(ContextKind::ValidValue)) {
        (ErrorKind::InvalidValue, Some(ContextValue::Strings(known))) if !known.is_empty() => {
            let nearest = match error.get(ContextKind::SuggestedValue) {
                Some(ContextValue::String(nearest)) => format!("; did you mean {nearest}?"),
                _ => String::new(),
            };
            format!("expected one of {}{nearest}", known.join(", "))
        }
        (ErrorKind::InvalidValue, _) => "expected a value that is not empty".to_owned(),
        (ErrorKind::ValueValidation, _) => {
            error.source().map_or_else(|| first_line(error), |cause| said_of(cause, value))
        }
        _ => first_line(error),
    }
}

/// The parsers of numbers speak of digits; what is expected is a kind of number.
fn said_of(cause: &(dyn Error + 'static), value: &Value) -> String {
    if let Some(cause) = cause.downcast_ref::<ParseIntError>() {
        let is_negative = value.as_integer().is_some_and(|number| number < 0);
        return match cause.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => cause.to_string(),
            _ if is_negative => "expected 0 or more".to_owned(),
            _ => "expected a whole number".to_owned(),
        };
    }
    if cause.is::<ParseFloatError>() {
        return "expected a number".to_owned();
    }
    if cause.is::<ParseBoolError>() {
        return "expected true or false".to_owned();
    }
    let text = cause.to_string();
    text.split_once(" is not in ").and_then(|(_, range)| said_of_range(range)).unwrap_or(text)
}

/// A range as clap prints it, `1..=8` or up to the largest number that there is.
fn said_of_range(range: &str) -> Option<String> {
    if let Some((least, most)) = range.split_once("..=") {
        return Some(format!("expected {least} to {most}"));
    }
    let (least, end) = range.split_once("..")?;
    let is_open = end.is_empty() || end == u64::MAX.to_string() || end == i64::MAX.to_string();
    is_open.then(|| format!("expected {least} or more"))
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
