//! Files of one text each.

use super::format::{RowSink, Rows};
use super::table::Row;
use super::text_file::TextFile;
use crate::error::{CorpusError, Location, Result};

/// The longest text, in bytes.
const MAX_TEXT: usize = 64 << 20;

/// A file whose content is one text, with this label.
#[derive(Debug)]
pub(super) struct WholeText {
    pub(super) file: TextFile,
    pub(super) label: String,
}

impl Rows for WholeText {
    fn for_each(&self, sink: &mut RowSink) -> Result<()> {
        let Some(mut text) = self.file.read_whole(MAX_TEXT)? else {
            let problem = format!("the text has more than {MAX_TEXT} bytes; a file in a folder of a class is one text");
            return Err(CorpusError::Value { file: self.file.path().to_owned(), location: Location::Line(1), problem });
        };
        text.truncate(text.trim_end_matches(['\n', '\r']).len());
        let (location, label) = (Location::Line(1), Some(self.label.clone()));
        let _ = sink.add(Row { location, text, label, score: None, node: None, kept: Vec::new(), source: None });
        Ok(())
    }
}
