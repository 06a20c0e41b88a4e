//! Summary: one JSON line last on stdout that says what a run came to, for whoever started it (`--json-summary`).
//!
//! ```json
//! {"stage":"sst-tokenize","folder":"data/tokens/sst2","key":"9f…","state":"fresh","figures":{"rows":{"train":6920,…}}}
//! ```
//!
//! The figures are read from the finished folder, so that a run which found it fresh says what the run said that made it.
//! The line is the process's own, as stdout is: a stage notes what it came to, and `main` prints the last note.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::print_line::print_line;

/// Reads the figures of a finished folder.
pub type Figures = fn(&Path) -> anyhow::Result<Map<String, Value>>;

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// There was nothing to do.
    Fresh,
    /// The result was made.
    Done,
    /// The run paused as it was told to, and the same command goes on; or it only prepares what others do.
    Unfinished,
}

/// What a run came to.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The stage, as its manifests name it.
    pub stage: String,
    /// The output folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// The output, where it is a single file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The key of its manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How far it came.
    pub state: State,
    /// Those of the stage.
    pub figures: Map<String, Value>,
}

static IS_WANTED: AtomicBool = AtomicBool::new(false);
static LAST: Mutex<Option<Summary>> = Mutex::new(None);

/// Says whether the run ends with a summary.
pub(crate) fn want(wanted: bool) {
    IS_WANTED.store(wanted, Ordering::Relaxed);
}

/// Notes what the run came to, instead of an earlier note.
pub fn summarize(summary: Summary) {
    if let Ok(mut last) = LAST.lock() {
        *last = Some(summary);
    }
}

/// Notes the state of an output folder; its figures are read only where they will be printed.
pub(crate) fn summarize_folder(
    stage: &str,
    key: &str,
    folder: &Path,
    state: State,
    figures: Option<Figures>,
) -> anyhow::Result<()> {
    let figures = match figures {
        Some(figures) if IS_WANTED.load(Ordering::Relaxed) && state != State::Unfinished => figures(folder)?,
        _ => Map::new(),
    };
    let folder = Some(folder.display().to_string());
    summarize(Summary { stage: stage.to_owned(), folder, file: None, key: Some(key.to_owned()), state, figures });
    Ok(())
}

/// Prints the last note where a summary is wanted. A run that `failed` has one only if its result is finished all the
/// same, as an evaluation is that misses a requirement.
///
/// # Errors
/// Fails where stdout cannot be written.
pub(crate) fn print(failed: bool) -> anyhow::Result<()> {
    let last = LAST.lock().ok().and_then(|mut last| last.take());
    let Some(last) = last.filter(|last| !(failed && last.state == State::Unfinished)) else { return Ok(()) };
    if IS_WANTED.load(Ordering::Relaxed) {
        print_line(serde_json::to_string(&last)?)?;
    }
    Ok(())
}
