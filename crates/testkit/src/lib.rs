//! What the tests of all crates share: a sandbox to run the built programs in, the small pipeline, and where the real inputs are.
//!
//! [`Sandbox`] is a temporary folder: files in, a program run, stdout, stderr and exit code out. [`Pipeline`] is a sandbox with a
//! dataset, a small random BERT and the command line of every stage. [`inputs`] finds the Stanford Sentiment Treebank and MiniLM, or
//! skips a test in one line. Nothing here knows a type of the programs: they are seen from outside.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "a test's own helpers")]

pub mod inputs;
mod pipeline;
mod random;
mod sandbox;
mod zip;

pub use pipeline::{Pipeline, STAGES, sentences};
pub use random::Random;
pub use sandbox::{Outcome, Sandbox, fixture, kill, last_of_each, outcome, program, workspace};
pub use zip::zip;
