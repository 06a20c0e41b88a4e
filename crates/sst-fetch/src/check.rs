//! `sst-fetch check`: what spoils a dataset, before anything is trained on it.
//!
//! In: a raw folder. Out: a table on stdout, or JSON, and a page with the rows that were found. It writes no output folder:
//! it judges, and its exit code is that judgment where `--strict` or `--fail-on` ask for it.

mod kind;
mod report;
mod rows;
mod found;
mod texts;
mod search;
mod table;
mod page;

use std::path::{Path, PathBuf};

use clap::Args;
use corpus::Split;
use stage::{List, LogFormat, Upstream, bail_input, ensure_input, print_line, write_file};

use kind::Kind;
use report::Report;

const EXAMPLES: &str = "Examples:
  sst-fetch check --raw data/raw/sst
  sst-fetch check --raw data/raw/sst --page check.html
  sst-fetch check --raw data/raw/sst --json - --fail-on overlap,conflicts";

/// The arguments of `sst-fetch check`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CheckArgs {
    /// Folder of raw texts, written by `sst-fetch dataset`
    #[arg(long, value_name = "DIR")]
    raw: PathBuf,

    /// Write the findings as JSON into a file, or with - to stdout, where the table then is not
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Write a page with the rows that were found
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,

    /// End with exit code 2 if anything was found
    #[arg(long)]
    strict: bool,

    /// End with exit code 2 if something of these kinds was found
    #[arg(long, value_name = "KIND,...", conflicts_with = "strict")]
    fail_on: Option<List>,

    /// How messages on stderr are written: text, or json (an object a line: time, level, stage, message)
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", hide_possible_values = true)]
    pub log_format: LogFormat,
}

pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<()> {
    let failing = match &args.fail_on {
        Some(list) => list.items().iter().map(|name| Kind::parse(name)).collect::<anyhow::Result<Vec<_>>>()?,
        None if args.strict => Kind::ALL.to_vec(),
        None => Vec::new(),
    };
    let raw = Upstream::open(&args.raw, "sst-fetch dataset")?;
    let stdout = Path::new("-");
    ensure_input!(args.page.as_deref() != Some(stdout), "--page is written into a file; give its name");
    let target = |file: &Path| {
        if file == stdout { Ok(file.to_owned()) } else { stage::check_output_file(file, &[&args.raw]) }
    };
    let json_file = args.json.as_deref().map(target).transpose()?;
    let page_file = args.page.as_deref().map(target).transpose()?;
    ensure_input!(
        page_file.is_none() || json_file != page_file,
        "--json and --page name one file; give each a name of its own"
    );
    let splits: Vec<(Split, PathBuf)> =
        Split::ALL.into_iter().filter_map(|split| Some((split, raw.optional(&split.file())?))).collect();
    for (_, file) in &splits {
        stage::verify_file(file)?;
    }
    let report: Report = search::search(&args.raw, &splits)?;
    let json = || Ok::<_, anyhow::Error>(serde_json::to_string_pretty(&report)? + "\n");
    match &json_file {
        Some(file) if file == stdout => print_line(json()?.trim_end())?,
        Some(file) => {
            write_file(file, json()?)?;
            print_line(table::table(&report).trim_end())?;
        }
        None => print_line(table::table(&report).trim_end())?,
    }
    if let Some(file) = &page_file {
        write_file(file, page::page(&report))?;
    }
    let found: Vec<&str> = report
        .findings
        .iter()
        .map(|finding| finding.kind)
        .filter(|kind| failing.contains(kind))
        .map(Kind::name)
        .collect();
    match found.as_slice() {
        [] => Ok(()),
        kinds => bail_input!("{}: {} found; see above", args.raw.display(), kinds.join(", ")),
    }
}
