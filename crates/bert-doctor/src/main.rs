//! `bert-doctor`: diagnoses the installation, one line each (libtorch, CUDA, bf16, threads, hub and disk), and the files of
//! an output folder, back to where they came from.

mod facts;
mod provenance;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

const EXAMPLES: &str = "Examples:
  bert-doctor
  bert-doctor provenance data/runs/sst2/export";

/// Print what this machine has: libtorch, CUDA, bf16, threads, hub, disk
#[derive(Debug, Parser)]
#[command(name = "bert-doctor", version, after_help = EXAMPLES)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
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
        None => {
            for (name, fact) in facts::all() {
                println!("{name:16} {fact}");
            }
            Ok(())
        }
    }
}
