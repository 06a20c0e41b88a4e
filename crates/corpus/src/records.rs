//! Input formats: rows of texts from CSV, TSV, JSON lines and Parquet.
//!
//! A file's extension names its format, in any case: `.csv`, `.tsv`; `.jsonl`, `.ndjson` and `.json` (an object a line, or one
//! document); `.parquet`. All but Parquet may be compressed (`.csv.gz`, `.csv.zst`). What neither the name nor
//! [`ReadOptions`] say is told from the content: encoding, separator, quotes. Adding a format takes a module with a
//! [`Format`] and its line in [`FORMATS`]. PTB trees are no tables, and have a reader of their own, [`trees`].

mod options;
mod file_name;
mod compression;
mod encoding;
mod text_file;

mod beginning;
mod table;

mod fields;
mod record_stream;
mod quote_marks;
mod dialect;
mod hints;
mod delimited;

mod json_document;
mod json_row;
mod json_keys;
mod json_list;
mod json_lines;

mod parquet_table;
mod trees;
mod whole_text;
mod table_file;
mod find_columns;
#[cfg(fuzzing)]
pub mod fuzzing;

use std::ops::ControlFlow;
use std::path::Path;

use crate::error::{CorpusError, Result};

pub use file_name::{Compression, FileName};
pub use find_columns::find_columns;
pub use options::{Delimiter, Encoding, Quotes, ReadOptions};
use table::Format;
pub use table::{Columns, NodePlace, Row, WithoutText};
pub use table_file::TableFile;
use text_file::TextFile;

/// All formats, in the order in which one is preferred where a dataset has several.
const FORMATS: [Format; 5] =
    [parquet_table::PARQUET, json_lines::JSON_LINES, delimited::CSV, delimited::TSV, json_lines::JSON];

/// The extensions of the files that [`read`] can read, those of the preferred format first.
pub fn extensions() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().flat_map(|format| format.extensions.iter().copied())
}

/// The extensions as help and messages list them: `parquet,jsonl,...`.
pub fn extension_list() -> String {
    extensions().collect::<Vec<_>>().join(",")
}

/// Reads only the texts of a file: a line each of `.txt`, else `column` (by default `text`, else `sentence`).
///
/// # Errors
/// As [`TableFile::open`] and [`TableFile::for_each_row`], and on a null text, so that every row has its text; labels are
/// neither needed nor read.
pub fn texts(path: &Path, column: Option<&str>) -> Result<Vec<String>> {
    if FileName::of(path).extension == "txt" {
        let text = TextFile::open(path, None)?.read_whole(usize::MAX)?;
        let texts: Vec<String> = text.lines().map(str::to_owned).collect();
        return if texts.is_empty() { Err(CorpusError::Empty { file: path.to_owned() }) } else { Ok(texts) };
    }
    let text = column.map(str::to_owned);
    let columns = Columns { text, label: None, targets_required: false, ..Columns::default() };
    let options = ReadOptions { strict: true, ..ReadOptions::default() };
    let mut texts = Vec::new();
    TableFile::open(path, &columns, &options)?.for_each_row(&mut |row| {
        texts.push(row.text);
        ControlFlow::Continue(())
    })?;
    Ok(texts)
}

/// Gives the lines of a text file to `each`, compressed or not, until it breaks.
///
/// # Errors
/// Fails on a file that cannot be read, is damaged, or is no text in UTF-8 or UTF-16.
pub fn for_each_line(path: &Path, each: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<()> {
    TextFile::open(path, None)?.for_each_line(&mut |_, line| Ok(each(line)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

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
        let read = || rows_or_error(&path, &prefix, columns);
        let rows = read();
        for block_size in 1..=9 {
            let usual = text_file::TEST_BLOCK_SIZE.replace(block_size);
            assert_eq!(read(), rows, "{name} in blocks of {block_size} bytes");
            text_file::TEST_BLOCK_SIZE.set(usual);
        }
        rows
    }

    fn rows_or_error(path: &Path, prefix: &str, columns: &Columns) -> Result<Vec<String>, String> {
        let rows = TableFile::open(path, columns, &ReadOptions::default()).and_then(|table| table.rows());
        let rows = rows.map_err(|error| error.to_string().replace(prefix, ""))?;
        let show = |row: Row| {
            let label = row.label.unwrap_or("-".to_owned());
            format!("{}|{label}|{}", row.text, row.score.map_or("-".to_owned(), |score| score.to_string()))
        };
        Ok(rows.into_iter().map(show).collect())
    }

    /// Reads copies of a text file, truncated at each byte, or with one bit of each byte flipped.
    pub(crate) fn for_each_damaged_text(name: &str, bytes: &[u8], columns: &Columns, options: &ReadOptions) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let read = |copy: &[u8]| {
            let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).open(&path).unwrap();
            std::io::Write::write_all(&mut file, copy).unwrap();
            if let Err(error) = TableFile::open(&path, columns, options).and_then(|table| table.rows()) {
                assert!(error.to_string().contains(name), "{error}");
            }
        };
        for length in 0..bytes.len() {
            read(&bytes[..length]);
            for bit in 0..8 {
                let mut copy = bytes.to_vec();
                copy[length] ^= 1 << bit;
                read(&copy);
            }
        }
    }

    #[test]
    fn the_extension_names_the_format() {
        let columns = Columns::default();
        let error = summary("data.xlsx", b"", &columns).unwrap_err();
        let expected = ".parquet, .jsonl, .ndjson, .csv, .tsv, .json";
        assert_eq!(error, format!("data.xlsx has no known format; expected one of {expected}"));
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
