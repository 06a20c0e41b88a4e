//! Answers as JSON lines, CSV, TSV or Parquet.

mod layout;
mod columns;
mod format;
mod json_lines;
mod table_columns;
mod delimited;
mod parquet_table;

use std::io::Write;

use crate::answer::Answer;

pub(crate) use columns::kept_names;
use delimited::DelimitedWriter;
pub(crate) use format::Format;
use json_lines::JsonLinesWriter;
pub(crate) use layout::Layout;
use parquet_table::ParquetWriter;

/// Writes answers in their order.
pub(crate) enum AnswerWriter<'a, W: Write + Send> {
    JsonLines(JsonLinesWriter<'a, W>),
    Delimited(Box<DelimitedWriter<'a, W>>),
    Parquet(Box<ParquetWriter<'a, W>>),
}

impl<'a, W: Write + Send> AnswerWriter<'a, W> {
    /// A writer of `format` to `sink`.
    ///
    /// # Errors
    /// Fails when the sink does.
    pub(crate) fn new(format: Format, layout: &'a Layout, sink: W) -> anyhow::Result<Self> {
        Ok(match format {
            Format::JsonLines => Self::JsonLines(JsonLinesWriter::new(layout, sink)),
            Format::Csv => Self::Delimited(Box::new(DelimitedWriter::new(layout, b',', sink)?)),
            Format::Tsv => Self::Delimited(Box::new(DelimitedWriter::new(layout, b'\t', sink)?)),
            Format::Parquet => Self::Parquet(Box::new(ParquetWriter::new(layout, sink)?)),
        })
    }

    pub(crate) fn write(&mut self, answer: &Answer) -> anyhow::Result<()> {
        match self {
            Self::JsonLines(writer) => writer.write(answer),
            Self::Delimited(writer) => writer.write(answer),
            Self::Parquet(writer) => writer.write(answer),
        }
    }

    /// Passes on what was written, as far as the format allows it before the end.
    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        match self {
            Self::JsonLines(writer) => writer.flush(),
            Self::Delimited(writer) => writer.flush(),
            Self::Parquet(_) => Ok(()),
        }
    }

    /// Ends the output.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::JsonLines(mut writer) => writer.flush(),
            Self::Delimited(mut writer) => writer.flush(),
            Self::Parquet(writer) => writer.finish(),
        }
    }
}
