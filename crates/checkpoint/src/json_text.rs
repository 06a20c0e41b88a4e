//! JSON as Python's `json` module reads and writes it: beside the standard's values there are `NaN`, `Infinity` and `-Infinity`, and
//! texts may hold half of a surrogate pair.
//!
//! What the standard has no value for becomes a text: `NaN` the text "NaN", which no reader of a number takes, and half a pair the
//! replacement character, as where text is decoded.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::json_keys::described;
use crate::stand_in::StandIn;

/// The words for numbers that are none, the longest first.
const NOT_FINITE: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];

/// Reads a file of JSON.
///
/// # Errors
/// Says what is wrong: where it is no JSON, and where something else lies there.
pub fn parse_json(text: &[u8]) -> Result<Value, String> {
    parse_json_as(text)
}

/// The same into a type.
///
/// # Errors
/// As [`parse_json`], and where it is another value.
pub fn parse_json_as<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    let error = match serde_json::from_slice(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    if let Some(stand_in) = StandIn::of(text) {
        return Err(stand_in.to_string());
    }
    serde_json::from_slice(&standard(text)).map_err(|_| format!("not JSON: {error}"))
}

/// Reads a file of JSON that should be an object.
///
/// # Errors
/// As [`parse_json`], and where it is another value.
pub fn parse_json_object(text: &[u8]) -> Result<serde_json::Map<String, Value>, String> {
    match parse_json(text)? {
        Value::Object(object) => Ok(object),
        other => Err(format!("it is {}; expected an object", described(&other))),
    }
}

/// The text with what Python's module takes beyond the standard as the standard has it.
fn standard(text: &[u8]) -> Vec<u8> {
    let mut standard = Vec::with_capacity(text.len());
    let mut at = 0;
    let mut in_text = false;
    while let Some(&byte) = text.get(at) {
        let rest = &text[at..];
        let (read, written): (usize, Cow<[u8]>) = match byte {
            b'\\' if in_text => escape(rest),
            b'"' => {
                in_text = !in_text;
                (1, Cow::Borrowed(&rest[..1]))
            }
            _ if in_text => (1, Cow::Borrowed(&rest[..1])),
            _ => match NOT_FINITE.into_iter().find(|word| rest.starts_with(word)) {
                Some(word) => (word.len(), Cow::Owned([b"\"", word, b"\""].concat())),
                None => (1, Cow::Borrowed(&rest[..1])),
            },
        };
        standard.extend_from_slice(&written);
        at += read;
    }
    standard
}

/// The escape that `rest` begins with: how long it is, and how it is written.
fn escape(rest: &[u8]) -> (usize, Cow<'_, [u8]>) {
    let unit = |at: usize| {
        let digits = rest.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let as_is = |n: usize| (n, Cow::Borrowed(rest.get(..n).unwrap_or(rest)));
    match unit(0) {
        Some(0xd800..=0xdbff) if matches!(unit(6), Some(0xdc00..=0xdfff)) => as_is(12),
        Some(0xd800..=0xdfff) => (6, Cow::Borrowed(b"\\ufffd")),
        Some(_) => as_is(6),
        None => as_is(2.min(rest.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_python_writes_is_read() {
        let read = |text: &str| parse_json(text.as_bytes()).unwrap();
        assert_eq!(
            read(r#"{"model_max_length": Infinity, "a": [NaN,-Infinity], "b": "NaN \" Infinity", "c": -1}"#),
            json!({"model_max_length": "Infinity", "a": ["NaN", "-Infinity"], "b": "NaN \" Infinity", "c": -1})
        );
        assert_eq!(
            read(r#"["\ud83d", "\ud83d\ude00", "\ude00x", "\\ud83d", NaN]"#),
            json!(["\u{fffd}", "😀", "\u{fffd}x", "\\ud83d", "NaN"])
        );
        assert_eq!(read(r#"{"a": 1e5}"#), json!({"a": 1e5}));
    }

    #[test]
    fn what_is_no_json_is_told_as_it_stands() {
        let refusal = |text: &str| parse_json(text.as_bytes()).unwrap_err();
        assert_eq!(refusal(r#"{"a": NaN, }"#), "not JSON: expected value at line 1 column 7");
        for text in ["", "{", "\"\\", "\"\\u12", "\"\\ud83d\\u", "Infinit", "nan", "{\"a\": Na"] {
            assert!(refusal(text).starts_with("not JSON: "), "{text}");
        }
        assert!(refusal("version https://git-lfs.github.com/spec/v1\n").contains("git lfs pull"));
        assert!(refusal("<!DOCTYPE html>").starts_with("it is an HTML page"));
        assert_eq!(parse_json_object(b"[1]").unwrap_err(), "it is a list; expected an object");
    }
}
