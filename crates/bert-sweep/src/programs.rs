//! The programs of other stages, which the sweep runs: they are beside its own.

use std::path::PathBuf;

use anyhow::Context;

/// The path of a program in the folder of `bert-sweep`, whether it is there or not.
pub(crate) fn sibling(name: &str) -> anyhow::Result<PathBuf> {
    Ok(std::env::current_exe().context("cannot find the path of bert-sweep")?.with_file_name(name))
}
