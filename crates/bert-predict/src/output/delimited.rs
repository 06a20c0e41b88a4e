//! CSV and TSV: a header, and a record for each row. Fields are quoted where they need it, inner quotes doubled; what there is
//! none of is an empty field; the names of several labels and the tokens of an attribution are a JSON list.

use std::io::Write;

use anyhow::Context;

use super::layout::Layout;
use super::table_columns::{Value, columns, values};
use crate::answer::Answer;

/// Writes a record for each answer.
pub(crate) struct DelimitedWriter<'a, W: Write> {
    layout: &'a Layout,
    writer: csv::Writer<W>,
}

impl<'a, W: Write> DelimitedWriter<'a, W> {
    pub(super) fn new(layout: &'a Layout, delimiter: u8, sink: W) -> anyhow::Result<Self> {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(sink);
        writer.write_record(columns(layout).iter().map(|column| column.name.as_str())).map_err(plain)?;
        Ok(Self { layout, writer })
    }

    pub(super) fn write(&mut self, answer: &Answer) -> anyhow::Result<()> {
        for value in values(self.layout, answer) {
            let field = match value {
                Value::None => String::new(),
                Value::Text(text) => text.to_owned(),
                Value::Boolean(value) => value.to_string(),
                Value::Score(score) => serde_json::to_string(&score)?,
                Value::Probability(probability) => serde_json::to_string(&probability)?,
                Value::Names(names) => serde_json::to_string(&names)?,
                Value::Attribution(tokens) => serde_json::to_string(tokens)?,
            };
            self.writer.write_field(field).map_err(plain)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(plain)
    }

    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        self.writer.flush().context("cannot write the answers")
    }
}

/// The error of the sink, where it is one.
fn plain(error: csv::Error) -> anyhow::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => anyhow::anyhow!("a record cannot be written: {other:?}"),
    }
}
