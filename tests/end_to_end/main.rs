//! The pipeline end to end: every stage after the other, bad input, interruptions, folders that are not a
//! stage's own, files that are not what was written, folders of older programs, and the search.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]
#![allow(clippy::disallowed_methods, reason = "tests move files as users do")]

mod agreement;
mod bad_input;
mod changed_minds;
mod changed_searches;
mod classes;
mod engines;
mod evaluation;
mod foreign_folders;
mod hostile_files;
mod in_use;
mod interruptions;
mod long_texts;
mod old_folders;
mod pipeline;
mod plans;
mod profiles;
mod provenance;
mod read_only;
mod recipes;
mod snapshot;
mod sweep;
mod sweep_again;
mod sweep_devices;
mod sweep_folds;
mod unfinished;
mod vouching;
mod walk;
