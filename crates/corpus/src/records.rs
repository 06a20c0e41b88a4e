//! Input formats: rows of texts from CSV, TSV, JSON lines, fastText's lines and Parquet.
//!
//! A file's extension names its format, in any case: `.csv`, `.tsv`; `.jsonl`, `.ndjson` and `.json` (an object a line, or one
//! document); `.parquet`. A table in `.txt` is told from its lines. All but Parquet may be compressed (`.csv.gz`, `.csv.zst`).
//! What neither the name nor [`ReadOptions`] say is told from the content: encoding, separator, quotes. Adding a format takes a
//! module with a [`Format`] and its line in [`FORMATS`]. PTB trees are no tables, and have a reader of their own, [`trees`].

mod options;
mod table_args;
mod file_name;
mod compression;
mod encoding;
mod line_breaks;
mod text_blocks;
mod text_file;

mod usual_names;
mod beginning;
mod table;
mod format;

mod fields;
mod record_stream;
mod quote_marks;
mod dialect;
mod hints;
mod below_header;
mod delimited;

mod json_document;
mod json_not_finite;
mod json_row;
mod json_form;
mod json_keys;
mod json_list;
mod json_lines;
mod object_line;

mod parquet_table;
mod labeled_lines;
mod fast_text;
mod label_first;
mod text_table;
mod trees;
mod whole_text;
mod text_lines;
mod paired_lines;
mod table_file;
mod find_columns;
#[cfg(fuzzing)]
pub mod fuzzing;

use std::ops::ControlFlow;
use std::path::Path;

use crate::error::Result;

pub use file_name::{Compression, FileName};
pub use find_columns::{find_columns, find_split_column};
use format::Format;
pub use object_line::ObjectLines;
pub use options::{Delimiter, Encoding, Quotes, ReadOptions};
pub use table::{BrokenRow, Columns, NodePlace, ReadRow, Row, WithoutText};
pub use table_args::{TableArgs, TablePlan};
pub use table_file::TableFile;
use text_file::TextFile;
pub use text_table::{has_label_first, is_fast_text};
pub use trees::are_trees;

/// The formats that an extension names, in the order in which one is preferred where a dataset has several.
const FORMATS: [Format; 5] =
    [parquet_table::PARQUET, json_lines::JSON_LINES, delimited::CSV, delimited::TSV, json_lines::JSON];

/// The extensions of tables, those of the preferred format first. `.txt` may be one, too, and is none of them: it may be texts.
pub fn extensions() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().flat_map(|format| format.extensions.iter().copied())
}

/// The extensions as help and messages list them: `parquet,jsonl,...`.
pub fn extension_list() -> String {
    extensions().collect::<Vec<_>>().join(",")
}

/// Gives the lines of a text file to `each`, compressed or not, until it breaks.
///
/// # Errors
/// Fails on a file that cannot be read, is damaged, or is no text in UTF-8, UTF-16 or the encoding given.
pub fn for_each_line(
    path: &Path,
    encoding: Option<Encoding>,
    each: &mut dyn FnMut(&str) -> ControlFlow<()>,
) -> Result<()> {
    TextFile::open(path, encoding)?.for_each_line(&mut |_, line| Ok(each(line)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::CorpusError;
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
            let usual = text_blocks::TEST_BLOCK_SIZE.replace(block_size);
            assert_eq!(read(), rows, "{name} in blocks of {block_size} bytes");
            text_blocks::TEST_BLOCK_SIZE.set(usual);
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

    /// As `json.dump` and pandas write them.
    #[test]
    fn a_list_and_a_document_may_be_one_line_of_any_length() {
        let read = |content: &str| {
            let (folder, path) = file("a.json", content.as_bytes());
            rows_or_error(&path, &format!("{}/", folder.path().display()), &Columns::default())
        };
        let long = "x".repeat(text_file::MAX_LINE);
        let rows = format!(r#"[{{"text": "a", "label": 1, "more": "{long}"}}, {{"text": "b", "label": 0}}]"#);
        let expected = ["a|1|-".to_owned(), "b|0|-".to_owned()];
        assert_eq!(read(&rows).unwrap(), expected);
        assert_eq!(read(&format!(r#"{{"data": {rows}}}"#)).unwrap(), expected);
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
        let expected = ".parquet, .jsonl, .ndjson, .csv, .tsv, .json, .txt";
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

    /// The rows as `text|kept,...`, or what is wrong with them, without the folder's name.
    fn read(name: &str, content: &[u8], keep_all: bool) -> Result<Vec<String>, String> {
        let (folder, path) = file(name, content);
        let prefix = format!("{}/", folder.path().display());
        let plain = |error: &CorpusError| error.to_string().replace(&prefix, "");
        let columns = Columns { label: None, targets_required: false, keep_all, ..Columns::default() };
        let options = ReadOptions { passes_broken: true, ..ReadOptions::default() };
        let open = |path: &Path| match name.ends_with(".txt") {
            true => TableFile::open_lines(path, &options),
            false => TableFile::open(path, &columns, &options),
        };
        let mut rows = Vec::new();
        let shown =
            |kept: &[Option<String>]| kept.iter().map(|v| v.as_deref().unwrap_or("-")).collect::<Vec<_>>().join(",");
        let table = open(&path).map_err(|error| plain(&error))?;
        let read = table.for_each_read(&mut |row| {
            rows.push(match &row {
                Ok(row) => format!("{}|{}", row.text, shown(&row.kept)),
                Err(row) => format!("({}|{})", plain(&row.error), shown(&row.kept)),
            });
            ControlFlow::Continue(())
        });
        read.map_err(|error| plain(&error))?;
        Ok(rows)
    }

    #[test]
    fn a_broken_row_does_not_stop_the_others() {
        let bytes =
            "its bytes are no text in the encoding of the file; mend them, or give the encoding with --encoding";
        assert_eq!(
            read("a.txt", b"\xef\xbb\xbfone\r\ncaf\xe9\n\nfour", false).unwrap(),
            ["one|", &format!("(a.txt, line 2: {bytes}|)"), "|", "four|"]
        );
        assert_eq!(
            read("a.csv", b"id,text\n1,fine\n2,a,b\n3,\\N\n4,caf\xe9\n5,\xe9\n6,\n", true).unwrap(),
            [
                "fine|1",
                "(a.csv, line 3: expected 2 fields as in the header, found 3; a field with the separator in it needs quotes|)",
                "(a.csv, line 4: the text in column text is null; expected a text|3)",
                &format!("(a.csv, line 5: {bytes}|4)"),
                &format!("(a.csv, line 6: {bytes}|5)"),
                "|6"
            ]
        );
        let lines =
            b"{\"text\": \"a\", \"id\": 1}\n{\"text\n\n{\"text\": 7}\n{\"id\": 5}\n{\"text\": \"b\", \"x\": null}\n";
        let rows = read("a.jsonl", lines, true).unwrap();
        assert!(rows[1].starts_with("(a.jsonl, line 2: expected a JSON object: EOF while parsing"), "{}", rows[1]);
        assert_eq!(
            [&rows[..1], &rows[2..]].concat(),
            [
                "a|1,-",
                "(a.jsonl, line 4: text is `7`; expected a text|)",
                "(a.jsonl, line 5: the text in column text is null; expected a text|5,-)",
                "b|-,-"
            ]
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_on_is_an_error() {
        let error = read("a.csv", b"text\nfine\n\"open\n", false).unwrap_err();
        assert!(error.starts_with("a.csv, line 3: the quote that opens a field here is not closed"), "{error}");
        let error = read("a.jsonl", b"{\"text\n", false).unwrap_err();
        assert!(error.starts_with("a.jsonl, line 1: expected a JSON object"), "{error}");
        assert_eq!(read("a.txt", b"", false).unwrap_err(), "a.txt is empty; expected at least one row");
        let error = read("a.csv", b"id,review\n1,fine\n", false).unwrap_err();
        assert_eq!(error, "a.csv has no column text or sentence, only id, review");
    }
}
