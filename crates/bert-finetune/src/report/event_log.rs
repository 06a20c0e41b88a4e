//! Event log: each event as a line of `log.jsonl`, and its numbers as TensorBoard scalars.

use std::path::Path;

use run_files::layout::train;
use run_files::log::Event;
use stage::AppendLog;

use crate::report::tensorboard::TensorBoard;

/// The two files that grow with a run.
#[derive(Debug)]
pub(crate) struct EventLog {
    lines: AppendLog,
    tensorboard: TensorBoard,
}

impl EventLog {
    /// Opens the log of the output folder `out` and keeps its first `bytes`; with 0 it starts over.
    pub(crate) fn open(out: &Path, bytes: u64) -> anyhow::Result<Self> {
        let path = out.join(train::LOG);
        let lines = AppendLog::open(&path, bytes)?;
        Ok(Self { lines, tensorboard: TensorBoard::open(&out.join(train::TENSORBOARD), &path)? })
    }

    pub(crate) fn append(&mut self, event: &Event) -> anyhow::Result<()> {
        self.lines.append(&event.to_line()?)?;
        self.tensorboard.append(event)
    }

    /// Makes all lines durable and returns the size of `log.jsonl`.
    pub(crate) fn sync(&mut self) -> anyhow::Result<u64> {
        self.lines.sync()
    }
}
