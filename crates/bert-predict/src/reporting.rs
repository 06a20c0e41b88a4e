//! What a run says while it lasts and at its end: progress with rate and time left, and one line of counts.

use std::io::{IsTerminal, stdin, stdout};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use stage::Progress;

use crate::args::Args;
use crate::counts::Counts;
use crate::input::TableRules;
use crate::settings::Settings;

/// Talks of a run.
pub(crate) struct Reporting {
    progress: Progress,
    /// The rows of all files; 0 until they are counted.
    total: Arc<AtomicU64>,
    counts: Counts,
    /// Rows that an earlier run had answered.
    before: u64,
    has_summary: bool,
    has_files: bool,
}

impl Reporting {
    /// Begins; `files` are those that are read, where they are.
    pub(crate) fn begin(args: &Args, files: Vec<PathBuf>) -> Self {
        let output = &args.output;
        // A person who types, or who reads the answers where progress would be, needs none.
        let is_shown_elsewhere = output.output.is_some() || output.out.is_some() || !stdout().is_terminal();
        let is_typed = !args.input.texts.is_empty() || files.is_empty() && stdin().is_terminal();
        let has_files = !files.is_empty();
        let is_quiet = args.quiet || is_typed || !is_shown_elsewhere;
        let total = Arc::new(AtomicU64::new(0));
        if !is_quiet && has_files {
            let rules = TableRules::of(args, &files);
            let counted = Arc::clone(&total);
            let n_shards = output.shard.map_or(1, |shard| shard.count);
            // Beside all else: what is left is worth knowing, but no first answer has to wait for it.
            let _ = thread::Builder::new()
                .name("count".to_owned())
                .spawn(move || counted.store(rules.count(&files).unwrap_or(0) / n_shards, Ordering::Relaxed));
        }
        let has_summary = !args.quiet && args.input.texts.is_empty();
        let progress = Progress::open_ended("bert-predict", is_quiet);
        Self { progress, total, counts: Counts::default(), before: 0, has_summary, has_files }
    }

    /// Adds rows that an earlier run has answered.
    pub(crate) fn add_before(&mut self, counts: &Counts) {
        self.counts.add(counts);
        self.before += counts.rows;
    }

    /// Adds rows that were answered.
    pub(crate) fn add(&mut self, counts: &Counts) {
        self.counts.add(counts);
        self.progress.set_total(self.total.load(Ordering::Relaxed).saturating_sub(self.before));
        let done = self.counts.rows - self.before;
        let rate = done as f64 / self.progress.elapsed().as_secs_f64().max(1e-9);
        self.progress.set(done, || format!("{rate:.0} rows/s"));
    }

    /// Prints a line without breaking the progress.
    pub(crate) fn say(&self, line: &str) {
        self.progress.say_always(line);
    }

    /// As [`Counts::ensure_some_read`], of files.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn ensure_some_read(&self) -> anyhow::Result<()> {
        if self.has_files { self.counts.ensure_some_read() } else { Ok(()) }
    }

    /// What became of the rows so far.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// What became of all rows.
    pub(crate) fn end(self, settings: &Settings) {
        let rate = (self.counts.rows - self.before) as f64 / self.progress.elapsed().as_secs_f64().max(1e-9);
        self.progress.finish();
        if let Some(line) = self.counts.too_long(settings.overflow, settings.max_length) {
            stage::say(&format!("bert-predict: {line}"));
        }
        if self.has_summary {
            stage::say(&format!("bert-predict: {}", self.counts.summary(settings.overflow, rate)));
        }
    }
}
