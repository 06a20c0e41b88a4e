//! The program from outside.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

mod common;
mod configs;
mod formats;
mod verification;
mod cards;
