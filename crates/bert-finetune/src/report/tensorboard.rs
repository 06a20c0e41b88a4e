//! TensorBoard event file, `tensorboard/events.out.tfevents.0.bert-finetune`, made from the log.
//!
//! Its numbers are those of `log.jsonl`, under the tags of Transformers: `train/loss`, `eval/accuracy`. It is rewritten
//! from the log whenever a run starts or resumes. It holds wall times, so two equal runs differ in it.

use std::fs;
use std::path::Path;

use anyhow::Context;
use run_files::event_file::{first_record, scalars_record, wall_time};
use run_files::log::{self, Event};
use serde_json::Value;
use stage::AppendLog;

const FILE: &str = "events.out.tfevents.0.bert-finetune";

/// An event file that grows with the run.
#[derive(Debug)]
pub(crate) struct TensorBoard {
    file: AppendLog,
}

impl TensorBoard {
    /// Starts the file in `folder` with the events that are already in the log at `path`.
    pub(crate) fn open(folder: &Path, path: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let mut board = Self { file: AppendLog::open(&folder.join(FILE), 0)? };
        board.file.append_bytes(&first_record(wall_time()))?;
        for event in log::read(path)? {
            board.append(&event)?;
        }
        Ok(board)
    }

    /// Appends the numbers of `event`, if it has any.
    pub(crate) fn append(&mut self, event: &Event) -> anyhow::Result<()> {
        let scalars = scalars(event)?;
        let Some(step) = step_of(event).filter(|_| !scalars.is_empty()) else { return Ok(()) };
        self.file.append_bytes(&scalars_record(wall_time(), step, &scalars))
    }
}

fn step_of(event: &Event) -> Option<u64> {
    match event {
        Event::Train { step, .. } | Event::Evaluate { step, .. } => Some(*step),
        _ => None,
    }
}

/// The numbers of an event, with the tags that Transformers gives them.
fn scalars(event: &Event) -> anyhow::Result<Vec<(String, f64)>> {
    let Value::Object(fields) = serde_json::to_value(event)? else { return Ok(Vec::new()) };
    let numbers = fields.iter().filter(|(name, _)| *name != "step");
    let tag = |name: &str| match name.strip_prefix("eval_") {
        Some(name) => format!("eval/{name}"),
        None => format!("train/{name}"),
    };
    Ok(numbers.filter_map(|(name, value)| Some((tag(name), value.as_f64()?))).collect())
}
