//! How a stage of the pipeline behaves, whatever it computes.
//!
//! A stage turns input files and a plan into one output folder. This crate gives every stage the same life: settings
//! from a profile and from flags ([`run_main`]), one writer per folder, freshness judged by the manifest that the stage
//! would write ([`Job`]), outputs that appear whole or not at all ([`OutputFolder`]), progress, signals and exit codes
//! ([`ExitReason`]). It knows nothing of text or tensors.
//!
//! ```text
//! Job::new(STAGE, &args.common) .plan(&plan)? .input("train", path) ── begin() ─┬─► None: fresh, or explained
//!                                                                               └─► OutputFolder: create() … finish()
//! ```

mod command_line;
mod disk;
mod fingerprint;
mod interrupt;
mod job;
mod append_log;
mod lock;
mod manifest;
mod output;
mod profile;
mod progress;
mod exit_reason;
mod output_folder;

pub use command_line::{Common, run_main};
pub use disk::{available_bytes, sync_folder};
pub use fingerprint::{Fingerprint, sha256_hex};
pub use interrupt::Interrupt;
pub use job::Job;
pub use append_log::AppendLog;
pub use manifest::{MANIFEST, Manifest, Upstream};
pub use output::OutputFile;
pub use progress::{Progress, clock};
pub use exit_reason::{ExitReason, bad_input};
pub use output_folder::{OutputFolder, remove_partials};

/// The identity of a stage: what its manifests say wrote them.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    /// The program's name, e.g. `sst-tokenize`.
    pub name: &'static str,
    /// Raised by hand when the same plan and inputs come to mean other outputs, so that a rebuild alone never retrains.
    pub version: u32,
}
