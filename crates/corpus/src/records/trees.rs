//! PTB tree files: a sentence a line, and every node of its tree a row.

use std::ops::ControlFlow;
use std::path::Path;

use super::format::{RowSink, Rows};
use super::options::ReadOptions;
use super::table::{NodePlace, Row};
use super::text_file::TextFile;
use super::text_lines::first_lines;
use crate::error::{CorpusError, Location, Result};
use crate::tree;

/// The lines by which a file is known for one of trees.
const N_LOOKED_AT: usize = 10;

/// Whether a text file is one of trees: one of its first lines is a tree, or its first begins as none but a tree does.
///
/// # Errors
/// Fails on a file that cannot be read, or is no text.
pub fn are_trees(path: &Path, options: &ReadOptions) -> Result<bool> {
    let lines = first_lines(&TextFile::open_with(path, options)?, N_LOOKED_AT)?;
    let begins_as_tree = |line: &String| match line.trim_start().as_bytes() {
        [b'(', label, b' ', b'(', ..] => label.is_ascii_digit(),
        _ => false,
    };
    Ok(lines.first().is_some_and(begins_as_tree) || lines.iter().any(|line| tree::parse(line).is_ok()))
}

/// A file of trees. The root of each is its sentence, numbered by line from 0. Blank lines at the end are passed over. The
/// labels are those of the file, 0 to 4.
#[derive(Debug)]
pub(super) struct TreeFile(pub(super) TextFile);

impl Rows for TreeFile {
    fn for_each(&self, sink: &mut RowSink) -> Result<()> {
        let mut first_blank = None;
        self.0.for_each_line(&mut |number, line| {
            if line.trim().is_empty() {
                first_blank.get_or_insert(number);
                return Ok(ControlFlow::Continue(()));
            }
            // A blank line is wrong unless nothing but blank ones follow.
            match first_blank {
                Some(blank) => self.rows_of_line("", blank, sink),
                None => self.rows_of_line(line, number, sink),
            }
        })
    }
}

impl TreeFile {
    fn rows_of_line(&self, line: &str, number: u64, sink: &mut RowSink) -> Result<ControlFlow<()>> {
        let tree = tree::parse(line).map_err(|source| {
            let file = self.0.path().to_owned();
            // The first line says what the file is.
            if number > 1 || line.trim_start().starts_with('(') {
                return CorpusError::Tree { file, line: number, source };
            }
            let problem = "it is no tree in brackets, as lines below it are; take it away";
            CorpusError::Value { file, location: Location::Line(number), problem: problem.to_owned() }
        })?;
        for node in &tree.nodes {
            let row = Row {
                location: Location::Line(number),
                text: tree.text(node),
                label: Some(node.label.to_string()),
                score: None,
                node: Some(NodePlace { sentence: number as i64 - 1, depth: node.depth }),
                kept: Vec::new(),
                source: None,
            };
            if sink.add(row).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::TableFile;
    use super::super::tests::file;
    use super::*;
    use crate::label::SourceNames;

    fn read(content: &[u8]) -> Result<Vec<(i64, i32, String, String)>> {
        let (_folder, path) = file("train.txt", content);
        let names = SourceNames { names: ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec(), ordered: true };
        let mut rows = Vec::new();
        TableFile::open_trees(&path, None, names)?.for_each_row(&mut |row| {
            let node = row.node.unwrap();
            rows.push((node.sentence, node.depth, row.text, row.label.unwrap()));
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    }

    #[test]
    fn every_node_is_a_row() {
        for content in
            [&b"(3 (2 It) (4 (1 works) (2 .)))\r\n(0 Bad)\n\n \r\n"[..], b"(3 (2 It) (4 (1 works) (2 .)))\r(0 Bad)\r"]
        {
            let rows = read(content).unwrap();
            let shown: Vec<_> =
                rows.iter().map(|(s, d, text, label)| (*s, *d, text.as_str(), label.as_str())).collect();
            let expected = [
                (0, 0, "It works .", "d"),
                (0, 1, "It", "c"),
                (0, 1, "works .", "e"),
                (0, 2, "works", "b"),
                (0, 2, ".", "c"),
                (1, 0, "Bad", "a"),
            ];
            assert_eq!(shown, expected);
        }
    }

    #[test]
    fn a_wrong_tree_is_named_with_line_and_column() {
        let error = read(b"(0 Bad)\n(3 (2 It) (4 works)\n").unwrap_err();
        assert!(error.to_string().ends_with("train.txt, line 2"));
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(source, "column 20: the line ends with 1 unclosed brackets");
        assert!(matches!(read(b""), Err(CorpusError::Empty { .. })));
        assert!(read(b"(0 Bad)\n\n(0 Bad)\n").unwrap_err().to_string().ends_with("train.txt, line 2"));
    }

    #[test]
    fn trees_are_told_from_other_lines() {
        let are = |content: &str| {
            let (_folder, path) = file("train.txt", content.as_bytes());
            are_trees(&path, &ReadOptions::default()).unwrap()
        };
        for trees in ["(0 Bad)\n", "\n(3 (2 It) (4 works))", "(3 (2 It) (4 works)\n", "a title\n(0 Bad)\n"] {
            assert!(are(trees), "{trees:?}");
        }
        for others in ["", "\n", "(500) Days of Summer\t1\n", "(5 stars) great\t1\n", "__label__1 (0 Bad)\n", "fine\n"]
        {
            assert!(!are(others), "{others:?}");
        }
    }
}
