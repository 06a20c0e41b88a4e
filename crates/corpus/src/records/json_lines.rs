//! JSON lines (an object a line) and JSON (one list of objects); the content says which, not the extension.

use std::path::Path;

use serde_json::{Map, Value};

use super::table::{Columns, Format, Row, Table, parse_score, read_text};
use crate::error::{CorpusError, Location, Result};

pub(super) const JSON_LINES: Format = Format { extensions: &["jsonl", "ndjson"], read };
pub(super) const JSON: Format = Format { extensions: &["json"], read };

type Object = Map<String, Value>;

fn read(path: &Path, columns: &Columns) -> Result<Table> {
    let text = read_text(path)?;
    let objects = objects(path, &text)?;
    if objects.is_empty() {
        return Err(CorpusError::Empty { file: path.to_owned() });
    }
    let names = keys(&objects);
    let found = columns.find(path, &names)?;
    let rows = objects.into_iter().map(|(location, mut object)| {
        let wrong = |column: &str, expected: &str, value: &Value| {
            let problem = format!("{column} is `{value}`; expected {expected}");
            CorpusError::Value { file: path.to_owned(), location, problem }
        };
        let text = match object.remove(&found.text) {
            Some(Value::String(text)) => text,
            other => return Err(wrong(&found.text, "a text", &other.unwrap_or_default())),
        };
        let label = match value(&object, found.label.as_deref()) {
            None | Some((_, Value::Null)) => None,
            Some((_, Value::String(label))) => Some(label.clone()),
            Some((_, label @ (Value::Number(_) | Value::Bool(_)))) => Some(label.to_string()),
            Some((column, other)) => return Err(wrong(column, "a number, a word, true or false", other)),
        };
        let score = match value(&object, found.score.as_deref()) {
            None | Some((_, Value::Null)) => None,
            Some((column, value)) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                parse_score(&text, || wrong(column, "a finite number", value))?
            }
        };
        Ok(Row { location, text, label, score })
    });
    Ok(Table { rows: rows.collect::<Result<_>>()?, label_names: None })
}

/// A column that the file has, with its value in this object.
fn value<'a>(object: &'a Object, column: Option<&'a str>) -> Option<(&'a str, &'a Value)> {
    let column = column?;
    Some((column, object.get(column)?))
}

/// The keys of all objects, in the order in which they come: not every object needs every key.
fn keys(objects: &[(Location, Object)]) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for (_, object) in objects {
        let new: Vec<String> = object.keys().filter(|key| !keys.contains(key)).cloned().collect();
        keys.extend(new);
    }
    keys
}

fn objects(path: &Path, text: &str) -> Result<Vec<(Location, Object)>> {
    if text.trim_start().starts_with('[') {
        let objects: Vec<Object> = serde_json::from_str(text).map_err(|error| CorpusError::Damaged {
            file: path.to_owned(),
            format: "a JSON list of objects",
            problem: error.to_string(),
        })?;
        return Ok((1..).map(Location::Row).zip(objects).collect());
    }
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let parsed = lines.map(|(number, line)| {
        let location = Location::Line(number);
        let object = serde_json::from_str(line).map_err(|error| {
            let problem = format!("expected a JSON object: {error}");
            CorpusError::Value { file: path.to_owned(), location, problem }
        })?;
        Ok((location, object))
    });
    parsed.collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::summary;
    use super::*;

    #[test]
    fn lines_and_lists_are_read() {
        let columns = Columns { score: Some("score".to_owned()), ..Columns::default() };
        let lines = "{\"text\": \"a\", \"label\": 1, \"score\": 0.5}\n\n{\"text\": \"b\\n\", \"label\": \"good\"}\n";
        assert_eq!(summary("a.jsonl", lines.as_bytes(), &columns).unwrap(), ["a|1|0.5", "b\n|good|-"]);
        let list = b" [{\"sentence\": \"a\", \"label\": -1}, {\"sentence\": \"b\", \"label\": null}]";
        assert_eq!(summary("a.json", list, &Columns::default()).unwrap(), ["a|-1|-", "b|-|-"]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let error = |lines: &[&str]| summary("a.jsonl", lines.join("\n").as_bytes(), &Columns::default()).unwrap_err();
        let good = "{\"text\": \"a\", \"label\": 1}";
        assert_eq!(error(&[good, "{\"label\": 1}"]), "a.jsonl, line 2: text is `null`; expected a text");
        assert_eq!(error(&[good, "{\"text\": 7}"]), "a.jsonl, line 2: text is `7`; expected a text");
        let list = "{\"text\": \"b\", \"label\": [1]}";
        let expected = "a.jsonl, line 2: label is `[1]`; expected a number, a word, true or false";
        assert_eq!(error(&[good, list]), expected);
        assert!(error(&[good, "{\"text\": "]).starts_with("a.jsonl, line 2: expected a JSON object: EOF"));
        assert!(error(&[&"[".repeat(100_000)]).contains("cannot be read as a JSON list of objects"));
    }
}
