//! `bert-doctor`: what this machine offers to the other programs, as lines of `name: fact`.

mod facts;

use clap::Parser;

/// Prints what was found: libtorch, CUDA, bf16, threads, hub, disk
#[derive(Debug, Parser)]
#[command(name = "bert-doctor", version, after_help = "Example:\n  bert-doctor")]
struct Args {}

fn main() {
    let Args {} = Args::parse();
    for (name, fact) in facts::all() {
        println!("{name:16} {fact}");
    }
}
