//! The records of separated fields of a file, as it is read.

use std::ops::ControlFlow;

use super::fields::{FieldRecord, FieldRecords, Grammar, QuoteError};
use super::text_blocks::{TextBlocks, block_size};
use crate::error::CorpusError;

/// Why a record cannot be read.
#[derive(Debug)]
pub(super) enum RecordError {
    Quote(QuoteError),
    /// The file cannot be read further.
    File(CorpusError),
}

/// The longest record in bytes; what is longer has a quote that is never closed, or is no table.
const MAX_RECORD: usize = 64 << 20;

/// The records of a file as it is read.
pub(super) struct RecordStream {
    blocks: TextBlocks,
    grammar: Grammar,
    /// What was read of the file and belongs to records that were not given out.
    buffer: String,
    at: usize,
    line: u64,
    ended: bool,
}

impl RecordStream {
    /// The records of a text from its first line on, which has the number `first_line` in its file.
    pub(super) fn new(blocks: TextBlocks, grammar: Grammar, first_line: u64) -> Self {
        Self { blocks, grammar, buffer: String::new(), at: 0, line: first_line, ended: false }
    }

    /// The records after the first line, which is none of the table.
    pub(super) fn after_first_line(mut self) -> Result<Self, CorpusError> {
        loop {
            let end = self.buffer.find(['\n', '\r']);
            match end {
                // Of CRLF, the second half may not be there yet.
                Some(end) if self.ended || end + 1 < self.buffer.len() => {
                    self.at = end + if self.buffer[end..].starts_with("\r\n") { 2 } else { 1 };
                    self.line += 1;
                    return Ok(self);
                }
                None if self.ended => {
                    self.at = self.buffer.len();
                    return Ok(self);
                }
                _ => self.read_more()?,
            }
        }
    }

    /// Gives the next record to `take`; `None` at the end of the file.
    pub(super) fn next<T>(&mut self, take: impl FnOnce(FieldRecord) -> T) -> Option<Result<T, RecordError>> {
        loop {
            let rest = &self.buffer[self.at..];
            let mut records = FieldRecords::new(rest, self.grammar, self.line);
            match records.next() {
                // Of a record that ends where the buffer does, the end may not be there yet; nor may the second half of CRLF.
                Some(Ok(record)) if self.ended || records.at + 1 < rest.len() => {
                    let (at, line) = (records.at, records.line);
                    let taken = take(record);
                    self.at += at;
                    self.line = line;
                    return Some(Ok(taken));
                }
                None if self.ended => return None,
                // What follows may close an open quote, and changes nothing about text behind one that is closed.
                Some(Err(error @ QuoteError::TextBehind { .. })) => return Some(Err(RecordError::Quote(error))),
                Some(Err(error)) if self.ended || rest.len() > MAX_RECORD => {
                    return Some(Err(RecordError::Quote(error)));
                }
                Some(Ok(_)) if rest.len() > MAX_RECORD => {
                    return Some(Err(RecordError::Quote(QuoteError::Open { line: self.line })));
                }
                _ => {
                    if let Err(error) = self.read_more() {
                        self.ended = true;
                        return Some(Err(RecordError::File(error)));
                    }
                }
            }
        }
    }

    /// Passes over a record.
    pub(super) fn skip(&mut self) {
        self.next(|_| ());
    }

    /// Gives the records to `take` until it breaks.
    pub(super) fn for_each(&mut self, mut take: impl FnMut(FieldRecord) -> ControlFlow<()>) -> Result<(), RecordError> {
        while let Some(flow) = self.next(&mut take) {
            if flow?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Reads another block, and a larger one where a record is longer than the last.
    fn read_more(&mut self) -> Result<(), CorpusError> {
        let rest = self.buffer.len() - self.at;
        self.buffer.drain(..self.at);
        self.at = 0;
        self.ended = !self.blocks.read(&mut self.buffer, block_size().max(rest))?;
        Ok(())
    }
}
