//! Files whose lines are texts, each of them a row: an empty line is an empty text.

use std::ops::ControlFlow;

use super::format::{RowSink, Rows};
use super::table::Row;
use super::text_file::TextFile;
use crate::error::{Location, Result};

/// A file of one text a line.
#[derive(Debug)]
pub(super) struct TextLines(pub(super) TextFile);

impl Rows for TextLines {
    fn for_each(&self, sink: &mut RowSink) -> Result<()> {
        self.0.for_each_line(&mut |number, line| {
            let (location, text) = (Location::Line(number), line.to_owned());
            let flow: ControlFlow<()> =
                sink.add(Row { location, text, label: None, score: None, node: None, kept: Vec::new(), source: None });
            Ok(flow)
        })
    }
}
