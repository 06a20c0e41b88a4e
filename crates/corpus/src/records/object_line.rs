//! Single lines of JSON, each an object that is a row: for input that comes line by line and cannot be looked at beforehand.

use std::path::Path;

use super::format::NullText;
use super::json_not_finite;
use super::json_row::{JsonColumns, Object, not_an_object, value};
use super::table::{BrokenRow, Columns, FoundColumns, ReadRow, TEXT_COLUMNS};
use crate::error::{CorpusError, Location};

/// Reads lines of JSON. The column of texts is the one that is requested, else the first of the usual ones that an object has.
#[derive(Debug)]
pub struct ObjectLines {
    candidates: Vec<JsonColumns>,
}

impl ObjectLines {
    /// Of these columns the one of texts and those that are kept are read.
    pub fn new(columns: &Columns) -> Self {
        let names = columns.text.iter().map(String::as_str);
        let names: Vec<&str> = if columns.text.is_some() { names.collect() } else { TEXT_COLUMNS.to_vec() };
        let found =
            |text: &str| FoundColumns { text: text.to_owned(), label: None, score: None, kept: columns.keep.clone() };
        Self { candidates: names.into_iter().map(|name| JsonColumns::from(found(name))).collect() }
    }

    /// The row of a line, which has the number `line` in `file`.
    ///
    /// # Errors
    /// Says what is wrong with a line that is no object, or has no text.
    pub fn read(&self, file: &Path, line: u64, text: &str) -> ReadRow {
        let broken = |error, kept| Err(Box::new(BrokenRow { error, kept }));
        let wrong = |problem| CorpusError::Value { file: file.to_owned(), location: Location::Line(line), problem };
        let object: Object = match json_not_finite::parse(text) {
            Ok(object) => object,
            Err(error) => return broken(wrong(not_an_object(&error)), Vec::new()),
        };
        let has_text = |columns: &&JsonColumns| value(&object, Some(columns.text())).is_some();
        let Some(columns) = self.candidates.iter().find(has_text).or(self.candidates.first()) else {
            return broken(wrong("no column of texts is asked for".to_owned()), Vec::new());
        };
        match columns.row(file, Location::Line(line), &object) {
            Ok(Ok(row)) => Ok(row),
            Ok(Err(NullText { kept, .. })) => {
                let names: Vec<&str> = self.candidates.iter().map(JsonColumns::text).collect();
                broken(wrong(format!("{} is null or missing; expected a text", names.join(" or "))), kept)
            }
            Err(error) => broken(error, Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_row_or_says_what_is_wrong() {
        let read = |columns: &Columns, line: &str| {
            let row = ObjectLines::new(columns).read(Path::new("stdin"), 3, line);
            row.map(|row| (row.text, row.kept)).map_err(|broken| (broken.error.to_string(), broken.kept))
        };
        let plain = Columns::default();
        assert_eq!(read(&plain, "{\"sentence\": \"a\"}"), Ok(("a".to_owned(), Vec::new())));
        assert_eq!(read(&plain, "{\"sentence\": \"a\", \"text\": \"b\"}").unwrap().0, "b");
        let kept = Columns { text: Some("r.t".to_owned()), keep: vec!["id".to_owned()], ..plain.clone() };
        assert_eq!(read(&kept, "{\"r\": {\"t\": \"x\"}, \"id\": 7}").unwrap().1, [Some("7".to_owned())]);
        let missing = read(&kept, "{\"id\": \"a\"}").unwrap_err();
        assert_eq!(
            missing,
            ("stdin, line 3: r.t is null or missing; expected a text".to_owned(), vec![Some("a".to_owned())])
        );
        let neither = read(&plain, "{}").unwrap_err().0;
        assert_eq!(neither, "stdin, line 3: text or sentence is null or missing; expected a text");
        assert!(read(&plain, "[1]").unwrap_err().0.starts_with("stdin, line 3: expected a JSON object: invalid type"));
        assert_eq!(read(&plain, "{\"text\": 7}").unwrap_err().0, "stdin, line 3: text is `7`; expected a text");
    }
}
