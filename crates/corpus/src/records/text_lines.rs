//! Files whose lines are texts, each of them a row.

use std::ops::ControlFlow;

use super::format::{RowSink, Rows};
use super::table::Row;
use super::text_file::TextFile;
use crate::error::{Location, Result};

/// A file of one text a line. Without a label an empty line is an empty text; with one, blank lines are passed over.
#[derive(Debug)]
pub(super) struct TextLines {
    pub(super) file: TextFile,
    /// The label of all of them, if they have one.
    pub(super) label: Option<String>,
}

impl Rows for TextLines {
    fn for_each(&self, sink: &mut RowSink) -> Result<()> {
        self.file.for_each_line(&mut |number, line| {
            if self.label.is_some() && line.trim().is_empty() {
                return Ok(ControlFlow::Continue(()));
            }
            Ok(sink.add(Row {
                location: Location::Line(number),
                text: line.to_owned(),
                label: self.label.clone(),
                score: None,
                node: None,
                kept: Vec::new(),
                source: None,
            }))
        })
    }
}

/// The first lines that are not blank, `n` at most.
pub(super) fn first_lines(file: &TextFile, n: usize) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    file.for_each_line(&mut |_, line| {
        if !line.trim().is_empty() {
            lines.push(line.to_owned());
        }
        Ok(if lines.len() < n { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(lines)
}
