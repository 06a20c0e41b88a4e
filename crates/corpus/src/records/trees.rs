//! PTB tree files: a sentence a line, and every constituent a row.

use std::path::Path;

use super::encoding::read_text;
use super::options::Encoding;
use crate::error::{CorpusError, Result};
use crate::raw::Record;
use crate::tree;

/// Reads every node of every tree; the sentences are the rows with `is_root`, numbered by line from 0. Blank lines at the
/// end are passed over.
///
/// # Errors
/// Fails when the file cannot be read, is not UTF-8, is empty, or a line is not a tree; the error names line and column.
pub fn read(path: &Path, encoding: Option<Encoding>) -> Result<Vec<Record>> {
    let text = read_text(path, encoding)?.text;
    let mut records = Vec::new();
    for (sentence_id, line) in (0..).zip(lines(text.trim_end())) {
        let tree = tree::parse(line).map_err(|source| CorpusError::Tree {
            file: path.to_owned(),
            line: sentence_id as u64 + 1,
            source,
        })?;
        for (i, node) in tree.nodes.iter().enumerate() {
            records.push(Record {
                sentence_id,
                label: Some(node.label),
                is_root: i == 0,
                ..Record::sentence(records.len() as i64, tree.text(node))
            });
        }
    }
    if records.is_empty() {
        return Err(CorpusError::Empty { file: path.to_owned() });
    }
    Ok(records)
}

/// The lines of a file, which an old Mac may have ended with CR alone.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let separator = if text.contains('\n') { '\n' } else { '\r' };
    text.split(separator).map(|line| line.strip_suffix('\r').unwrap_or(line)).filter(move |_| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::tests::file;
    use super::*;

    #[test]
    fn every_node_is_a_row() {
        let (_folder, path) = file("train.txt", b"(3 (2 It) (4 works))\r\n(0 Bad)\n\n \r\n");
        let rows = read(&path, None).unwrap();
        let shown: Vec<_> = rows.iter().map(|r| (r.id, r.sentence_id, r.text.as_str(), r.label, r.is_root)).collect();
        let expected = [
            (0, 0, "It works", Some(3), true),
            (1, 0, "It", Some(2), false),
            (2, 0, "works", Some(4), false),
            (3, 1, "Bad", Some(0), true),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_wrong_tree_is_named_with_line_and_column() {
        let (_folder, path) = file("train.txt", b"(0 Bad)\n(3 (2 It) (4 works)\n");
        let error = read(&path, None).unwrap_err();
        assert!(error.to_string().ends_with("train.txt, line 2"));
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(source, "column 20: the line ends with 1 unclosed brackets");
        let (_folder, path) = file("train.txt", b"");
        assert!(matches!(read(&path, None), Err(CorpusError::Empty { .. })));
    }
}
