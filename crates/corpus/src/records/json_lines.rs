//! JSON lines (an object a line) and JSON (one list of objects, or a document that holds one); the content says which, not
//! the extension.

use std::path::Path;

use serde_json::{Deserializer, Map, Value};

use super::encoding::read_text;
use super::json_document::Document;
use super::options::ReadOptions;
use super::table::{Columns, Format, Row, RowCollector, Table, parse_score};
use crate::error::{CorpusError, Location, Result};

pub(super) const JSON_LINES: Format = Format { extensions: &["jsonl", "ndjson"], read };
pub(super) const JSON: Format = Format { extensions: &["json"], read };

type Object = Map<String, Value>;

/// The objects of a file, each with its place, and how they were found where they are neither lines nor a list.
struct Objects {
    objects: Vec<(Location, Object)>,
    said: Option<String>,
}

fn read(path: &Path, columns: &Columns, options: &ReadOptions) -> Result<Table> {
    let source = read_text(path, options.encoding)?;
    let Objects { objects, said } = objects(path, &source.text, columns)?;
    if objects.is_empty() {
        return Err(CorpusError::Empty { file: path.to_owned() });
    }
    let names = keys(&objects, columns);
    let found = columns.find(path, &names)?;
    let mut rows = RowCollector::new(path, options);
    for (location, object) in objects {
        let wrong = |column: &str, expected: &str, value: &Value| {
            let problem = format!("{column} is `{value}`; expected {expected}");
            CorpusError::Value { file: path.to_owned(), location, problem }
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
        match value(&object, Some(&found.text)) {
            None | Some((_, Value::Null)) => rows.add_without_text(location, &found.text)?,
            Some((_, Value::String(text))) => {
                rows.add(Row { location, text: text.clone(), label, score, node: None, kept: Vec::new() })
            }
            Some((column, other)) => return Err(wrong(column, "a text", other)),
        }
    }
    rows.table(said.into_iter().chain(source.said).collect())
}

/// A column that the file has, with its value in this object.
fn value<'a>(object: &'a Object, column: Option<&'a str>) -> Option<(&'a str, &'a Value)> {
    let column = column?;
    Some((column, object.get(column).or_else(|| nested(object, column))?))
}

/// The value of `a.b` in an object `a`.
fn nested<'a>(object: &'a Object, column: &str) -> Option<&'a Value> {
    let (key, rest) = column.split_once('.')?;
    let inner = object.get(key)?.as_object()?;
    inner.get(rest).or_else(|| nested(inner, rest))
}

/// The keys of all objects, in the order in which they come: not every object needs every key. A key inside another is
/// one if it is asked for.
fn keys(objects: &[(Location, Object)], columns: &Columns) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    let asked = || [&columns.text, &columns.label, &columns.score].into_iter().flatten();
    for (_, object) in objects {
        let inner = asked().filter(|name| nested(object, name).is_some());
        let new: Vec<String> = object.keys().chain(inner).filter(|key| !keys.contains(key)).cloned().collect();
        keys.extend(new);
    }
    keys
}

fn objects(path: &Path, text: &str, columns: &Columns) -> Result<Objects> {
    let damaged = |format, problem| CorpusError::Damaged { file: path.to_owned(), format, problem };
    if text.trim_start().starts_with('[') {
        let objects: Vec<Object> =
            serde_json::from_str(text).map_err(|error| damaged("a JSON list of objects", error.to_string()))?;
        return Ok(Objects { objects: (1..).map(Location::Row).zip(objects).collect(), said: None });
    }
    let is_object = |line: &(u64, &str)| serde_json::from_str::<Object>(line.1).is_ok();
    let mut first_lines = lines(text);
    let (first, second) = (first_lines.next(), first_lines.next());
    let one_a_line = first.as_ref().is_none_or(is_object) && second.is_some();
    if !one_a_line && let Ok(document) = serde_json::from_str::<Document>(text) {
        let found = document.rows(columns).map_err(|problem| damaged("a table in a JSON object", problem))?;
        if let Some(found) = found {
            let objects = (1..).map(Location::Row).zip(found.rows).collect();
            return Ok(Objects { objects, said: Some(found.said) });
        }
    }
    if one_a_line || second.is_none_or(|second| is_object(&second)) {
        let objects = lines(text).map(|(number, line)| {
            let location = Location::Line(number);
            let object = serde_json::from_str(line).map_err(|error| not_an_object(path, location, &error))?;
            Ok((location, object))
        });
        return Ok(Objects { objects: objects.collect::<Result<_>>()?, said: None });
    }
    Ok(Objects { objects: spread_over_lines(path, text)?, said: None })
}

/// The lines that are not blank, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    // Inside a JSON value a line break of any kind is only space.
    let separator = if text.contains('\n') { '\n' } else { '\r' };
    (1..).zip(text.split(separator)).filter(|(_, line)| !line.trim().is_empty())
}

/// Objects one after the other, each of them written over several lines.
fn spread_over_lines(path: &Path, text: &str) -> Result<Vec<(Location, Object)>> {
    let mut objects = Vec::new();
    let mut stream = Deserializer::from_str(text).into_iter();
    let (mut line, mut counted) = (1, 0);
    loop {
        let begin = stream.byte_offset();
        let begin = begin + text[begin..].len() - text[begin..].trim_start().len();
        line += text[counted..begin].matches('\n').count() as u64;
        counted = begin;
        match stream.next() {
            None => return Ok(objects),
            Some(Ok(object)) => objects.push((Location::Line(line), object)),
            Some(Err(error)) => return Err(not_an_object(path, Location::Line(error.line() as u64), &error)),
        }
    }
}

fn not_an_object(path: &Path, location: Location, error: &serde_json::Error) -> CorpusError {
    let problem = format!("expected a JSON object: {error}");
    CorpusError::Value { file: path.to_owned(), location, problem }
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
        assert_eq!(error(&[good, "{\"text\": 7}"]), "a.jsonl, line 2: text is `7`; expected a text");
        let list = "{\"text\": \"b\", \"label\": [1]}";
        let expected = "a.jsonl, line 2: label is `[1]`; expected a number, a word, true or false";
        assert_eq!(error(&[good, list]), expected);
        assert!(error(&[good, "{\"text\": "]).starts_with("a.jsonl, line 2: expected a JSON object: EOF"));
        assert!(error(&[&"[".repeat(100_000)]).contains("cannot be read as a JSON list of objects"));
    }
    #[test]
    fn damaged_json_never_panics() {
        use super::super::tests::for_each_damaged_text;
        let lines = "{\"text\": \"a é\", \"label\": 1}\r\n\r\n{\"text\": null, \"a\": {\"b\": [1e9]}}\r\n";
        let list = "[{\"text\": \"a\", \"label\": true},\n {\"text\": \"\\ud83d\\ude00\"}]";
        let answer = "{\"n\": 2,\n \"data\": [{\"text\": \"a\"},\n {\"text\": \"b\"}]}";
        let columns = "{\"text\": {\"0\": \"a\", \"1\": \"b\"}, \"label\": {\"0\": 1, \"1\": null}}";
        let spread = "{\n\"text\": \"a\"\n}\n{\n\"text\": \"é\"\n}\n";
        for text in [lines, list, answer, columns, spread] {
            let columns = Columns { targets_required: false, ..Columns::default() };
            for_each_damaged_text("a.json", text.as_bytes(), &columns, &ReadOptions::default());
        }
    }
}
