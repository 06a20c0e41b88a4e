//! Command-line arguments that every stage with an output folder has.

use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};

use crate::list::List;
use crate::messages::{LogFormat, say, say_warnings};
use crate::profile::existing_profile;

/// The flags that every stage with an output folder has.
#[derive(Debug, Clone, clap::Args)]
pub struct CommonArgs {
    /// TOML profile; this stage reads its own section, and flags override it
    #[arg(long, value_name = "FILE", value_parser = PathBufValueParser::new().map(existing_profile))]
    pub profile: Option<PathBuf>,

    /// Take these keys out of the profile, so that their defaults hold; may be repeated
    #[arg(long, value_name = "KEY,...")]
    pub unset: Vec<List>,

    /// Output folder; manifest.json is written last
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Start over: run even if the output is fresh, and resume nothing
    #[arg(long)]
    pub force: bool,

    /// Print what differs from the last run, and run nothing
    #[arg(long)]
    pub explain: bool,

    /// Print no progress and no summary to stderr: warnings and errors alone, and what was left out
    #[arg(long)]
    pub quiet: bool,

    /// Print one JSON line last on stdout: stage, folder, key, state (fresh, done or unfinished) and figures
    #[arg(long, conflicts_with = "explain")]
    pub json_summary: bool,

    /// How messages on stderr are written: text, or json (an object a line: time, level, stage, message)
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", hide_possible_values = true)]
    pub log_format: LogFormat,
}

impl CommonArgs {
    /// Those of a run that writes `out`, if need be, and says nothing.
    pub fn quiet(out: impl Into<PathBuf>) -> Self {
        Self {
            profile: None,
            unset: Vec::new(),
            out: out.into(),
            force: false,
            explain: false,
            quiet: true,
            json_summary: false,
            log_format: LogFormat::default(),
        }
    }

    /// Prints lines to stderr; with `--quiet` those alone that are warnings.
    pub fn say(&self, lines: &str) {
        if self.quiet {
            say_warnings(lines);
        } else {
            say(lines);
        }
    }

    /// The keys that `--unset SECTION.KEY` takes out of a section that is not the program's own, as a profile spells them.
    pub fn unset_in(&self, section: &str) -> Vec<String> {
        let keys =
            self.unset.iter().flat_map(List::items).filter_map(|key| key.trim_start_matches('-').rsplit_once('.'));
        keys.filter(|(of, _)| *of == section).map(|(_, key)| key.replace('-', "_")).collect()
    }
}
