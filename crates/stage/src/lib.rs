//! How a stage of the pipeline behaves, whatever it computes: profiles, locks, freshness, atomic outputs, exit codes.
//!
//! A stage turns input files and a plan into one output folder. This crate gives every stage the same life: settings
//! from a profile and from flags ([`run_main`]), one writer per folder, freshness judged by the manifest that the stage
//! would write ([`Job`]), inputs held to what an earlier stage wrote ([`Upstream`], [`verify_files`]), outputs that appear
//! complete or not at all ([`OutputWriter`]), messages and progress ([`say`]), a summary for programs ([`Summary`]), signals
//! and exit codes ([`BadInput`], [`ExitReason`]). It knows
//! nothing of text or tensors, and of the stages what their names begin with and what a training leaves before its end,
//! by which the locks of unfinished folders are told.
//!
//! ```text
//! Job::new(STAGE, &args.common) .plan(&plan)? .input("train", path) ── begin() ─┬─► None: fresh, or explained
//!                                                                               └─► OutputFolder: output() … finish()
//! ```

mod command_line;
mod arguments;
mod manual;
mod typed_flags;
mod elsewhere;
mod set_aside;
mod profile;
mod profile_value;
mod list;
mod common_args;
mod compute_args;

mod job;
mod claim;
mod owner;
mod location;
mod lock;
mod freshness;
mod manifest;
mod seal;
mod upstream;
mod vouch;

mod named_files;

mod append_log;
mod partial_file;
mod output_file;
mod resumable_file;
mod output_names;
mod output_writer;
mod output_folder;
mod staged_outputs;

mod fingerprint;
mod file_state;
mod hash_cache;
mod hashed_input;

mod exit_reason;
mod input_error;

mod messages;
mod panic_line;
mod print_line;
mod utc;
mod summary;

mod counted;
mod disk;
mod environment;
mod hub_environment;
mod interrupt;
mod progress;
mod shell;

pub use append_log::AppendLog;
pub use claim::check_output_file;
pub use command_line::{Program, run_main};
pub use common_args::CommonArgs;
pub use compute_args::{ComputeArgs, INFERENCE_PRECISIONS};
pub use counted::counted;
pub use disk::{available_bytes, remove_if_there, sync_folder};
pub use elsewhere::Elsewhere;
pub use environment::{task_index, user_cache};
pub use exit_reason::{ExitReason, exit_code, is_said};
pub use fingerprint::{Fingerprint, hash_reader, sha256_hex};
pub use hub_environment::{
    hub_cache, hub_endpoint, hub_is_offline, hub_token, shown_hub_endpoint, without_credentials,
};
pub use input_error::{BadInput, BadInputType};
pub use interrupt::Interrupt;
pub use job::{Job, ProgressMade, SharedFolder};
pub use list::{List, ListError};
pub use manifest::{MANIFEST, Manifest, Stage, UnreadableManifest};
pub use messages::{LogFormat, harmless, is_warning, say, say_errors_alone, say_warnings};
pub use named_files::{is_hidden, named_files, refuse_pipe};
pub use output_file::{OutputFile, write_file, write_file_with};
pub use output_folder::{OutputFolder, remove_partials};
pub use output_writer::{OutputWriter, copy_from};
pub use panic_line::NO_THREAD;
pub use print_line::print_line;
pub use progress::{Progress, clock};
pub use resumable_file::ResumableFile;
pub use seal::{Seal, check_seal, sealed};
pub use set_aside::SetAside;
pub use shell::shell_quoted;
pub use staged_outputs::StagedOutputs;
pub use summary::{Figures, State, Summary, summarize};
pub use upstream::Upstream;
pub use vouch::{Listed, Verification, Vouchers, verify_file, verify_files};
