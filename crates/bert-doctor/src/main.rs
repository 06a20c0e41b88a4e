//! `bert-doctor`: diagnoses the installation and the machine, a line each with what to do (libtorch, CUDA, processor, threads,
//! memory, disk, hub), and the files of an output folder, back to where they came from.

mod finding;
mod libtorch;
mod control_group;
mod machine;
mod hub;
mod provenance;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use stage::print_line;

use crate::finding::Finding;

const EXAMPLES: &str = "Examples:
  bert-doctor
  bert-doctor provenance data/runs/sst2/export";

/// Say what works here, what is wrong, and what to do: libtorch, CUDA, processor, threads, memory, disk, hub
///
/// A line each: `ok`, `note` (it works, and could be better) or `WRONG`. The exit code is 1 where something is wrong.
#[derive(Debug, Parser)]
#[command(name = "bert-doctor", version, after_help = EXAMPLES)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Load libtorch, and print what it says
    #[command(name = libtorch::PROBE, hide = true)]
    Probe,
    /// Print where libtorch's libraries and this project's are: `lib FOLDER`, `bert_torch FILE`
    #[command(hide = true)]
    Libraries,
    /// Print from what a folder was made, back to the first files, and check each of them against the manifests
    ///
    /// One line for each output and input: the beginning of its SHA-256, and `ok` or what is wrong. The exit code is 0 where
    /// all that was found is right, and 2 where something differs. Files that are not found any more are named.
    Provenance {
        /// Output folder of a stage, or a file in it
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    stage::run_main::<Args>("doctor", &[], run)
}

fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Some(Command::Provenance { folder }) => provenance::print(folder),
        Some(Command::Probe) => libtorch::probe(),
        Some(Command::Libraries) => libtorch::print_places(),
        None => diagnose(),
    }
}

fn diagnose() -> anyhow::Result<()> {
    let findings: Vec<Finding> = [libtorch::findings(), machine::findings(), hub::findings()].concat();
    findings.iter().try_for_each(|finding| print_line(finding.text()))?;
    match findings.iter().filter(|finding| finding.is_wrong()).count() {
        0 => Ok(()),
        1 => anyhow::bail!("something is wrong; what to do stands below it"),
        n => anyhow::bail!("{n} things are wrong; what to do stands below each"),
    }
}
