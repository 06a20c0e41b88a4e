//! Rows of text from files of several formats, and which columns they come from.
//!
//! A file's ending names its format: `.csv`; `.tsv` (quotes are literal, as in GLUE); `.jsonl`, `.ndjson` and `.json`
//! (an object a line, or one list of objects); `.parquet`. Trees have a reader of their own, [`trees`].

mod delimited;
mod json_lines;
mod parquet_table;
pub mod trees;

use std::fs;
use std::path::Path;

use crate::error::{CorpusError, Location, Result};
use crate::label::Label;

/// One row as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Where the row stands.
    pub at: Location,
    /// The text.
    pub text: String,
    /// The label, if there is one.
    pub label: Option<Label>,
    /// The score, if there is one; finite.
    pub score: Option<f32>,
}

/// The rows of a file; at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The rows in their order.
    pub rows: Vec<Row>,
    /// The names of the labels, where the file tells them (Parquet files of the hub do).
    pub label_names: Option<Vec<String>>,
}

/// Which columns to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The column of texts; by default `text`, else `sentence`.
    pub text: Option<String>,
    /// The column of labels.
    pub label: String,
    /// The column of scores, if one is wanted.
    pub score: Option<String>,
    /// Whether a file without the column of scores, if one is wanted, or else of labels, is an error.
    pub targets_required: bool,
}

impl Default for Columns {
    fn default() -> Self {
        Self { text: None, label: "label".to_owned(), score: None, targets_required: true }
    }
}

/// Reads the rows of a file.
///
/// # Errors
/// Fails on an unknown ending, a file that cannot be read or is not UTF-8, no rows, a missing column, a row with more
/// or fewer fields than the header, a null text, a value of a wrong type; the error names file, row and column.
pub fn read(path: &Path, columns: &Columns) -> Result<Table> {
    let table = match extension(path).as_str() {
        "csv" => delimited::read(path, columns, delimited::CSV)?,
        "tsv" => delimited::read(path, columns, delimited::TSV)?,
        "jsonl" | "ndjson" | "json" => json_lines::read(path, columns)?,
        "parquet" => parquet_table::read(path, columns)?,
        _ => {
            let expected = ".csv, .tsv, .jsonl, .json, .parquet";
            return Err(CorpusError::UnknownFormat { file: path.to_owned(), expected });
        }
    };
    if table.rows.is_empty() {
        return Err(CorpusError::Empty { file: path.to_owned() });
    }
    Ok(table)
}

/// Reads CSV that is already in memory; `name` stands for its file in errors.
///
/// # Errors
/// As [`read`].
pub fn parse_csv(name: &Path, text: &str, columns: &Columns) -> Result<Table> {
    let table = delimited::parse(name, text, columns, delimited::CSV)?;
    if table.rows.is_empty() { Err(CorpusError::Empty { file: name.to_owned() }) } else { Ok(table) }
}

/// Reads only the texts of a file: a line each of `.txt`, else `column` (by default `text`, else `sentence`).
///
/// # Errors
/// As [`read`]; labels are neither needed nor read.
pub fn texts(path: &Path, column: Option<&str>) -> Result<Vec<String>> {
    if extension(path) == "txt" {
        let texts: Vec<String> = read_text(path)?.lines().map(str::to_owned).collect();
        return if texts.is_empty() { Err(CorpusError::Empty { file: path.to_owned() }) } else { Ok(texts) };
    }
    let no_label = String::new();
    let columns = Columns { text: column.map(str::to_owned), label: no_label, score: None, targets_required: false };
    Ok(read(path, &columns)?.rows.into_iter().map(|row| row.text).collect())
}

fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

/// Reads a text file, without the byte order mark that some programs put first.
fn read_text(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(|source| CorpusError::Read { file: path.to_owned(), source })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
        CorpusError::NotUtf8 { file: path.to_owned(), line }
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// The columns that a file has of those wanted.
struct Found {
    text: String,
    label: Option<String>,
    score: Option<String>,
}

impl Columns {
    fn find(&self, path: &Path, names: &[String]) -> Result<Found> {
        let has = |name: &str| names.iter().any(|found| found == name);
        let missing = |column: &str| CorpusError::MissingColumn {
            file: path.to_owned(),
            column: column.to_owned(),
            found: names.to_vec(),
        };
        let text = match &self.text {
            Some(name) => Some(name.as_str()).filter(|name| has(name)).ok_or_else(|| missing(name))?,
            None => {
                ["text", "sentence"].into_iter().find(|name| has(name)).ok_or_else(|| missing("text or sentence"))?
            }
        };
        let target = self.score.as_ref().unwrap_or(&self.label);
        if self.targets_required && !has(target) {
            return Err(missing(target));
        }
        let label = Some(self.label.clone()).filter(|label| has(label));
        Ok(Found { text: text.to_owned(), label, score: self.score.clone().filter(|score| has(score)) })
    }
}

/// A score, which must be finite.
fn finite(score: f32, problem: impl FnOnce() -> CorpusError) -> Result<f32> {
    if score.is_finite() { Ok(score) } else { Err(problem()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with this name and content, in a folder that lives as long as the test.
    pub(crate) fn file(name: &str, content: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::io::Write::write_all(
            &mut fs::OpenOptions::new().create_new(true).write(true).open(&path).unwrap(),
            content,
        )
        .unwrap();
        (folder, path)
    }

    /// The rows as `text|label|score`, or the error without the folder's name.
    pub(crate) fn summary(name: &str, content: &[u8], columns: &Columns) -> Result<Vec<String>, String> {
        let (folder, path) = file(name, content);
        let prefix = format!("{}/", folder.path().display());
        let table = read(&path, columns).map_err(|error| error.to_string().replace(&prefix, ""))?;
        let show = |row: Row| {
            let label = match row.label {
                None => "-".to_owned(),
                Some(Label::Number(number)) => number.to_string(),
                Some(Label::Name(name)) => name,
            };
            format!("{}|{label}|{}", row.text, row.score.map_or("-".to_owned(), |score| score.to_string()))
        };
        Ok(table.rows.into_iter().map(show).collect())
    }

    #[test]
    fn the_ending_names_the_format() {
        let columns = Columns::default();
        let error = summary("data.xlsx", b"", &columns).unwrap_err();
        assert_eq!(error, "data.xlsx has no known format; expected one of .csv, .tsv, .jsonl, .json, .parquet");
        for name in ["a.csv", "a.tsv", "a.jsonl", "a.json"] {
            assert_eq!(
                summary(name, b"", &columns).unwrap_err(),
                format!("{name} is empty; expected at least one row")
            );
        }
    }

    #[test]
    fn text_that_is_not_utf8_is_named_with_its_line() {
        let error = summary("a.csv", b"text,label\nfine,1\ncaf\xe9,0\n", &Columns::default()).unwrap_err();
        assert!(error.starts_with("a.csv, line 3: the text is not UTF-8"), "{error}");
    }

    #[test]
    fn texts_alone_need_no_label() {
        let (_folder, path) = file("a.txt", "\u{feff}one\r\ntwo, \"three\"\n\nfour".as_bytes());
        assert_eq!(texts(&path, None).unwrap(), ["one", "two, \"three\"", "", "four"]);
        let (_folder, path) = file("a.csv", b"id,review\n1,\"good, really\"\n");
        assert_eq!(texts(&path, Some("review")).unwrap(), ["good, really"]);
        let error = texts(&path, None).unwrap_err().to_string();
        assert!(error.ends_with("a.csv has no column text or sentence, only id, review"), "{error}");
    }
}
