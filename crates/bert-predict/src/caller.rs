//! What the program says to whoever started it: the counts of all rows in the summary (`--json-summary`).

use std::path::Path;

use stage::{State, Summary, ensure_input, summarize};

use crate::args::Args;
use crate::counts::Counts;
use crate::parts::STAGE;

/// Refuses a summary on stdout beside answers.
///
/// # Errors
/// Fails where the answers go to stdout; that is bad input.
pub(crate) fn check(args: &Args) -> anyhow::Result<()> {
    let output = &args.output;
    ensure_input!(
        !args.json_summary || output.output.is_some() || output.out.is_some() || output.collect.is_some(),
        "--json-summary is a line on stdout, where the answers go; give --output FILE or --out DIR"
    );
    Ok(())
}

/// Notes that the answers are in `file`.
pub(crate) fn summarize_file(file: &Path, counts: &Counts) {
    summarize(Summary {
        stage: STAGE.name.to_owned(),
        folder: None,
        file: Some(file.display().to_string()),
        key: None,
        state: State::Done,
        figures: counts.figures(),
    });
}
