//! `bert-doctor`: diagnoses the installation: libtorch, CUDA, bf16, threads, hub and disk, one line each.

mod facts;

use clap::Parser;

/// Print what this machine has: libtorch, CUDA, bf16, threads, hub, disk
#[derive(Debug, Parser)]
#[command(name = "bert-doctor", version, after_help = "Example:\n  bert-doctor")]
struct Args {}

fn main() {
    let Args {} = Args::parse();
    for (name, fact) in facts::all() {
        println!("{name:16} {fact}");
    }
}
