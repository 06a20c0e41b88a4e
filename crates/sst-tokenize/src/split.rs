//! One split: from its raw file to its token file, some thousand rows at a time.

use std::ops::ControlFlow;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use corpus::raw::{RawReader, Record};
use corpus::task::{Target, Task};
use corpus::tokenizer::{Encodings, Overflow, Tokenizer};
use corpus::tokens::{Padding, RowLabel, TokenRow, TokensMetadata, TokensWriter};
use corpus::{CorpusError, Split};
use stage::{OutputFile, bail_input};

use crate::args::{PaddingStrategy, Plan};
use crate::report::SplitReport;
use crate::selection::Selection;

/// Rows that are encoded at a time, and the bytes of their texts beyond which there are fewer.
const CHUNK_ROWS: usize = 1 << 14;
const CHUNK_BYTES: usize = 8 << 20;

/// What every split is tokenized with.
pub(crate) struct SplitTokenizer<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) tokenizer: &'a Tokenizer,
    pub(crate) tokenizer_sha256: &'a str,
    /// Absent where the tokenizer has none.
    pub(crate) pad_token_id: Option<i32>,
}

impl SplitTokenizer<'_> {
    /// Tokenizes the selected rows of one split into `file`, while the next ones are read.
    ///
    /// # Errors
    /// Fails when the raw file cannot be read, the tokenizer fails, or the file cannot be written.
    pub(crate) fn tokenize(
        &self,
        split: Split,
        raw: &RawReader,
        selection: &Selection,
        file: &mut OutputFile,
    ) -> anyhow::Result<SplitReport> {
        let metadata = self.metadata(raw, selection, self.padding(raw, selection)?);
        let mut output = SplitWriter {
            writer: TokensWriter::new(file, metadata)?,
            n_rows: 0,
            report: SplitReport::new(split, selection.view.label_names(), self.plan.max_length),
            selection,
            task: self.plan.task,
        };
        self.for_each_chunk(raw, selection, |records, encodings| output.write(records, encodings))?;
        let mut report = output.report.finished(output.n_rows);
        report.rows_left_out_by_task = selection.n_excluded;
        report.rows_dropped_without_label = selection.n_unlabeled_dropped;
        if let Overflow::Windows { .. } = self.plan.overflow() {
            report.windows = Some(output.n_rows);
        }
        output.writer.finish(report.rows_truncated)?;
        Ok(report)
    }

    /// To what rows are padded. The longest row of a split is known only when all are encoded, so that its texts are encoded
    /// twice, rather than kept.
    fn padding(&self, raw: &RawReader, selection: &Selection) -> anyhow::Result<Option<Padding>> {
        let length = match self.plan.padding {
            None | Some(PaddingStrategy::None) => return Ok(None),
            Some(PaddingStrategy::MaxLength) => self.plan.max_length,
            Some(PaddingStrategy::Longest) => {
                let mut longest = 0;
                self.for_each_chunk(raw, selection, |_, encodings| {
                    longest = encodings.rows().map(<[i32]>::len).chain([longest]).max().unwrap_or_default();
                    Ok(())
                })?;
                longest
            }
        };
        let Some(pad_token_id) = self.pad_token_id else {
            let file = self.tokenizer.file().display();
            bail_input!("--padding needs a padding token, and the tokenizer {file} names none; leave it out")
        };
        Ok(Some(Padding { length, pad_token_id }))
    }

    /// Encodes the selected rows, some thousand at a time, while the next ones are read.
    fn for_each_chunk(
        &self,
        raw: &RawReader,
        selection: &Selection,
        mut each: impl FnMut(&[Record], &Encodings) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (sender, chunks) = sync_channel::<Vec<Record>>(1);
        thread::scope(|scope| {
            let reader = scope.spawn(move || read(raw, &selection.rows, &sender));
            let encoded = chunks.iter().try_for_each(|records| {
                let texts: Vec<&str> = records.iter().map(|record| record.text.as_str()).collect();
                each(&records, &self.tokenizer.encode(&texts)?)
            });
            drop(chunks);
            let read = reader.join().map_err(|_| anyhow::anyhow!("the thread that reads texts ended early"))?;
            encoded?;
            match read? {
                n if n == selection.rows.len() => Ok(()),
                n => {
                    bail_input!("the file changed while it was read: it had {} rows, and has {n}", selection.rows.len())
                }
            }
        })
    }

    fn metadata(&self, raw: &RawReader, selection: &Selection, padding: Option<Padding>) -> TokensMetadata {
        TokensMetadata {
            dataset: raw.metadata().dataset.clone(),
            task: self.plan.task,
            label_names: selection.view.label_names().to_vec(),
            tokenizer_sha256: self.tokenizer_sha256.to_owned(),
            max_length: self.plan.max_length,
            rows_truncated: 0,
            overflow: self.plan.overflow(),
            padding,
            kept: raw.metadata().kept.clone(),
        }
    }
}

/// Sends the selected rows in chunks; how many rows the file has.
fn read(raw: &RawReader, is_selected: &[bool], sender: &SyncSender<Vec<Record>>) -> Result<usize, CorpusError> {
    let (mut chunk, mut n_bytes, mut n_rows) = (Vec::new(), 0, 0);
    raw.for_each(&mut |record| {
        if is_selected.get(n_rows).copied().unwrap_or_default() {
            n_bytes += record.text.len();
            chunk.push(record);
        }
        n_rows += 1;
        if chunk.len() < CHUNK_ROWS && n_bytes < CHUNK_BYTES {
            return ControlFlow::Continue(());
        }
        n_bytes = 0;
        match sender.send(std::mem::take(&mut chunk)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()), // whoever receives has failed, and says why
        }
    })?;
    if !chunk.is_empty() {
        let _ = sender.send(chunk);
    }
    Ok(n_rows)
}

/// A token file that is being written, and what is to be reported of it.
struct SplitWriter<'a> {
    writer: TokensWriter<&'a mut OutputFile>,
    n_rows: usize,
    report: SplitReport,
    selection: &'a Selection,
    task: Task,
}

impl SplitWriter<'_> {
    fn write(&mut self, records: &[Record], encodings: &Encodings) -> anyhow::Result<()> {
        self.report.add(encodings);
        self.n_rows += encodings.len();
        for (text, record) in records.iter().enumerate() {
            let target = self.selection.view.target(record.label, record.score);
            self.report.add_text(encodings, text, target);
            for (window, row) in encodings.windows(text).enumerate() {
                self.writer.write(TokenRow {
                    id: record.id,
                    sentence_id: record.sentence_id,
                    window,
                    input_ids: encodings.input_ids(row),
                    label: label(self.task, target),
                    kept: record.kept.clone(),
                })?;
            }
        }
        Ok(())
    }
}

fn label(task: Task, target: Target) -> RowLabel {
    match (task, target) {
        (Task::Regression, Target::Score(score)) => RowLabel::Score(Some(score)),
        (Task::Regression, _) => RowLabel::Score(None),
        (_, Target::Class(class)) => RowLabel::Class(Some(class)),
        _ => RowLabel::Class(None),
    }
}
