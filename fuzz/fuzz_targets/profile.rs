//! A profile: no panic, and every refusal names the file.
#![no_main]

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;
use fuzz::with_file;
use libfuzzer_sys::fuzz_target;
use stage::{List, Program, SetAside};

/// Arguments of each kind that the stages have.
#[derive(Debug, Parser)]
struct Args {
    #[arg(long)]
    profile: Option<PathBuf>,
    #[arg(long)]
    source: Option<String>,
    #[arg(long)]
    train: Vec<PathBuf>,
    #[arg(long, conflicts_with = "source")]
    label_names: Option<List>,
    #[arg(long, default_value_t = 5e-5)]
    learning_rate: f64,
    #[arg(long, allow_negative_numbers = true)]
    seed: Option<i64>,
    #[arg(long, alias = "max-rows", value_parser = clap::value_parser!(u64).range(1..))]
    max_samples: Option<u64>,
    #[arg(long)]
    strict: bool,
    #[arg(long)]
    unset: Vec<String>,
}

fuzz_target!(|text: &str| {
    with_file("m.toml", text.as_bytes(), &[], |path| {
        let words: Vec<OsString> = vec!["program".into(), "--profile".into(), path.into()];
        let rules = [SetAside::by("source", &["train"])];
        let parsed = Program::new("finetune").set_aside(&rules).parse::<Args>(words);
        if let Err(refusal) = parsed {
            let is_of_clap = refusal.downcast_ref::<clap::Error>().is_some();
            assert!(is_of_clap || format!("{refusal:#}").contains("m.toml"), "{refusal:#}");
        }
    });
});
