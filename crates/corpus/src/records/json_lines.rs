//! JSON lines (an object a line) and JSON (one list of objects, or a document that holds one); the content says which, not
//! the extension. Lines and lists are read as they come, documents as a whole.

use std::ops::ControlFlow;
use std::path::Path;

use serde_json::{Deserializer, Value};

use super::beginning::{Beginning, N_ROWS};
use super::format::{Format, Opened, RowSink, Rows};
use super::json_document::Document;
use super::json_form::{Form, damaged, form, whole};
use super::json_keys::{DistinctNames, KeyCollector};
use super::json_list::for_each_item;
use super::json_not_finite;
use super::json_row::{JsonColumns, Object, nested, not_an_object};
use super::options::ReadOptions;
use super::table::{BrokenRow, Columns};
use super::text_file::TextFile;
use crate::error::{CorpusError, Location, Result};

pub(super) const JSON_LINES: Format = Format { extensions: &["jsonl", "ndjson"], open, begin };
pub(super) const JSON: Format = Format { extensions: &["json"], open, begin };

/// The most names among which columns are looked for.
const MAX_NAMES: usize = 1000;

/// A file of objects, opened.
#[derive(Debug)]
struct JsonTable {
    file: TextFile,
    form: Form,
    /// As they were requested.
    requested: Columns,
    columns: JsonColumns,
}

fn open(path: &Path, columns: &Columns, options: &ReadOptions) -> Result<Opened> {
    let file = TextFile::open_with(path, options)?;
    let (form, how) = form(&file, columns)?;
    let mut keys = KeyCollector::new(columns);
    let objects = Objects { file: &file, form, requested: columns };
    objects.for_each_key(&mut keys, options.passes_broken)?;
    let Some(names) = keys.names() else { return Err(CorpusError::Empty { file: path.to_owned() }) };
    let columns_found = JsonColumns::from(columns.find(path, &names)?);
    let said = how.into_iter().chain(file.said.clone()).collect();
    let kept = columns_found.kept().to_vec();
    let rows = JsonTable { file, form, requested: columns.clone(), columns: columns_found };
    Ok(Opened { rows: Box::new(rows), kept, label_names: None, said })
}

fn begin(path: &Path, options: &ReadOptions) -> Result<Beginning> {
    let file = TextFile::open_with(path, options)?;
    let requested = Columns::default();
    let (form, _) = form(&file, &requested)?;
    let mut first: Vec<Object> = Vec::new();
    Objects { file: &file, form, requested: &requested }.for_each(&mut |_, object| {
        first.push(object?);
        Ok(if first.len() < N_ROWS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    let names = beginning_names(&first);
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let value = |object: &Object, name: &str| object.get(name).or_else(|| nested(object, name)).and_then(text);
    let rows = first.iter().map(|object| names.iter().map(|name| value(object, name)).collect()).collect();
    Ok(Beginning { names, has_header: true, rows })
}

/// The keys of objects among which columns are looked for, those inside others as `a.b`. Where they are more than columns may be,
/// since they hold values such as the numbers of users, only the first that are inside no other.
fn beginning_names(objects: &[Object]) -> Vec<String> {
    let mut names = DistinctNames::default();
    objects.iter().for_each(|object| add_names("", object, &mut names));
    if names.in_order.len() > MAX_NAMES {
        names = DistinctNames::default();
        let scalars = objects.iter().flatten().filter(|(_, value)| !value.is_object());
        scalars.for_each(|(key, _)| names.add(key));
        names.in_order.truncate(MAX_NAMES);
    }
    names.in_order
}

fn add_names(prefix: &str, object: &Object, names: &mut DistinctNames) {
    for (key, value) in object {
        let name = format!("{prefix}{key}");
        match value {
            Value::Object(inner) => add_names(&format!("{name}."), inner, names),
            _ => names.add(&name),
        }
    }
}

impl Rows for JsonTable {
    fn for_each(&self, sink: &mut RowSink) -> Result<()> {
        let objects = Objects { file: &self.file, form: self.form, requested: &self.requested };
        let path = sink.path();
        objects.for_each(&mut |location, object: Result<Object>| match object
            .and_then(|object| self.columns.row(path, location, &object))
        {
            Ok(Ok(row)) => Ok(sink.add(row)),
            Ok(Err(row)) => sink.add_without_text(row, self.columns.text()),
            Err(error) => sink.add_broken(BrokenRow { error, kept: Vec::new() }),
        })
    }
}

/// Takes an object, or what is wrong with its line, and its place.
type EachObject<'a> = dyn FnMut(Location, Result<Object>) -> Result<ControlFlow<()>> + 'a;

/// The objects of a file, each with its place.
struct Objects<'a> {
    file: &'a TextFile,
    form: Form,
    requested: &'a Columns,
}

impl Objects<'_> {
    fn for_each(&self, each: &mut EachObject) -> Result<()> {
        match self.form {
            Form::Lines => self.for_each_line(&mut |location, line| {
                each(location, json_not_finite::parse(line).map_err(|error| self.not_an_object(location, &error)))
            }),
            Form::List => for_each_item(self.file, &mut |row, object| each(Location::Row(row), Ok(object))),
            Form::Spread => self.for_each_spread(each),
            Form::Document => {
                let text = whole(self.file)?;
                let document: Document =
                    serde_json::from_str(&text).map_err(|error| damaged(self.file, error.to_string()))?;
                let found = document.rows(self.requested).map_err(|problem| damaged(self.file, problem))?;
                for (row, object) in (1..).zip(found.into_iter().flat_map(|found| found.rows)) {
                    if each(Location::Row(row), Ok(object))?.is_break() {
                        break;
                    }
                }
                Ok(())
            }
        }
    }

    /// Collects the keys of all objects: not every object needs every key. Lines that are no objects may be passed over, but
    /// not all of them.
    fn for_each_key(&self, keys: &mut KeyCollector, passes_broken: bool) -> Result<()> {
        if self.form == Form::Lines {
            let mut broken = None;
            self.for_each_line(&mut |location, line| {
                match keys.add_text(line).map_err(|error| self.not_an_object(location, &error)) {
                    Err(error) if passes_broken => broken = broken.take().or(Some(error)),
                    read => read?,
                }
                Ok(ControlFlow::Continue(()))
            })?;
            return match broken {
                Some(error) if keys.is_empty() => Err(error),
                _ => Ok(()),
            };
        }
        self.for_each(&mut |_, object| {
            keys.add(&object?);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// The lines that are not blank.
    fn for_each_line(&self, each: &mut dyn FnMut(Location, &str) -> Result<ControlFlow<()>>) -> Result<()> {
        self.file.for_each_line(&mut |number, line| match line.trim() {
            "" => Ok(ControlFlow::Continue(())),
            _ => each(Location::Line(number), line),
        })
    }

    fn for_each_spread(&self, each: &mut EachObject) -> Result<()> {
        let text = whole(self.file)?;
        let mut stream = Deserializer::from_str(&text).into_iter();
        let (mut line, mut counted) = (1, 0);
        loop {
            let begin = stream.byte_offset();
            let begin = begin + text[begin..].len() - text[begin..].trim_start().len();
            line += text[counted..begin].matches('\n').count() as u64;
            counted = begin;
            match stream.next() {
                None => return Ok(()),
                Some(Ok(object)) => {
                    if each(Location::Line(line), Ok(object))?.is_break() {
                        return Ok(());
                    }
                }
                Some(Err(error)) => return Err(self.not_an_object(Location::Line(error.line() as u64), &error)),
            }
        }
    }

    fn not_an_object(&self, location: Location, error: &serde_json::Error) -> CorpusError {
        CorpusError::Value { file: self.file.path().to_owned(), location, problem: not_an_object(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::summary;
    use super::*;

    #[test]
    fn lines_and_lists_are_read() {
        let columns = Columns { score: Some("score".to_owned()), ..Columns::default() };
        let lines = "{\"text\": \"a\", \"label\": 1, \"score\": 0.5}\n\n\u{feff}{\"text\": \"b\\n\", \"label\": \"good\"}\n\
                     {\"text\": \"NaN\", \"label\": [\"bad\"], \"score\": -Infinity}\n{\"text\": \"c\", \"label\": []}\n";
        let expected = ["a|1|0.5", "b\n|good|-", "NaN|bad|-", "c|-|-"];
        assert_eq!(summary("a.jsonl", lines.as_bytes(), &columns).unwrap(), expected);
        let list = b" [{\"sentence\": \"a\", \"label\": -1}, {\"sentence\": \"b\", \"label\": NaN}]";
        assert_eq!(summary("a.json", list, &Columns::default()).unwrap(), ["a|-1|-", "b|-|-"]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let error = |lines: &[&str]| summary("a.jsonl", lines.join("\n").as_bytes(), &Columns::default()).unwrap_err();
        let good = "{\"text\": \"a\", \"label\": 1}";
        assert_eq!(error(&[good, "{\"text\": 7}"]), "a.jsonl, line 2: text is `7`; expected a text");
        let list = "{\"text\": \"b\", \"label\": [1, 2]}";
        let expected = "a.jsonl, line 2: label is `[1,2]`; expected one label: texts with several are not supported";
        assert_eq!(error(&[good, list]), expected);
        let object = "{\"text\": \"b\", \"label\": {}}";
        let expected = "a.jsonl, line 2: label is `{}`; expected a number, a word, true or false";
        assert_eq!(error(&[good, object]), expected);
        let half = error(&[good, "{\"text\": \"\\ud83d\", \"label\": 1}"]);
        assert!(half.contains("line 2: expected a JSON object: unexpected end of hex escape, in column"), "{half}");
        assert!(half.ends_with("; half of a character, such as an emoji that was cut: mend the text"), "{half}");
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
