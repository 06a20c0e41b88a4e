//! The pipeline end to end: every stage after the other, bad input, interruptions, and the search.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

mod agreement;
mod bad_input;
mod classes;
mod interruptions;
mod pipeline;
mod sweep;
