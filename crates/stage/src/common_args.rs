//! Command-line arguments that every stage with an output folder has.

use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};

use crate::profile::existing_profile;

/// The flags that every stage with an output folder has.
#[derive(Debug, Clone, clap::Args)]
pub struct CommonArgs {
    /// TOML profile; this stage reads its own section, and flags override it
    #[arg(long, value_name = "FILE", value_parser = PathBufValueParser::new().map(existing_profile))]
    pub profile: Option<PathBuf>,

    /// Output folder; manifest.json is written last
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Start over: run even if the output is fresh, and resume nothing
    #[arg(long)]
    pub force: bool,

    /// Print what differs from the last run, and run nothing
    #[arg(long)]
    pub explain: bool,

    /// Print no progress and no summary to stderr
    #[arg(long)]
    pub quiet: bool,
}

impl CommonArgs {
    /// Prints a line to stderr, unless `--quiet`.
    pub fn say(&self, line: &str) {
        if !self.quiet {
            eprintln!("{line}");
        }
    }
}
