//! A sample of the mutants, through the built programs: what a user would see.

use std::time::Instant;

use testkit::{Sandbox, fixture, outcome};

use crate::formats;
use crate::worker::mutant;

/// The command line that reads a format's mutants; `FILE` and `DIR` stand for a mutant and its folder.
fn command(format: &str, name: &str) -> Option<String> {
    let line = match (format, name) {
        ("trees" | "csv-tsv" | "json" | "gz-zst", _) | ("parquet", "m.parquet") => {
            "sst-fetch dataset --train FILE --out out --quiet"
        }
        ("config.json" | "safetensors", _) => "sst-fetch model --source DIR --out out --quiet",
        ("tokenizer.json", _) => "sst-fetch model --source DIR --out out --quiet",
        ("profile", "dataset.toml") => "sst-fetch dataset --profile FILE --out out --quiet",
        ("manifest.json", _) => "sst-tokenize --raw DIR --model model --task sst2 --out out --quiet",
        _ => return None,
    };
    Some(line.to_owned())
}

#[test]
fn no_mutant_makes_a_program_panic() {
    let sandbox = Sandbox::new();
    let n = (crate::n_mutants() / 100).clamp(6, 300);
    for name_of_format in crate::formats_asked_for() {
        let format = formats::named(name_of_format);
        for number in 0..n {
            let mutant = mutant(&*format, number);
            let Some(line) = command(name_of_format, &mutant.name) else { continue };
            let folder = format!("{}-{number}", name_of_format);
            for file in ["config.json", "vocab.txt", "model.safetensors"].into_iter().filter(|_| line.contains("model"))
            {
                sandbox.write(&format!("{folder}/{file}"), std::fs::read(fixture("small-bert").join(file)).unwrap());
            }
            let name = mutant.name.rsplit('/').next().unwrap();
            sandbox.write(&format!("{folder}/{name}"), &mutant.bytes);
            let line = line.replace("FILE", &format!("{folder}/{name}")).replace("DIR", &folder);
            let begun = Instant::now();
            let ended = outcome(sandbox.command(&line).arg("--force"));
            let told = format!(
                "{} {number}: {line}: {:?} after {:?}: {}",
                name_of_format,
                ended.code,
                begun.elapsed(),
                ended.stderr
            );
            assert!(matches!(ended.code, Some(0 | 2)), "{told}");
            // A profile may name other files, which are not there; labels are those of all files of a split.
            let names = [name, &folder, "--", "cannot read", " of train "];
            let is_named = names.iter().any(|name| ended.stderr.contains(name));
            assert!(ended.code == Some(0) || is_named, "no file is named: {told}");
            assert!(!ended.stderr.contains("panicked") && !ended.stderr.contains("internal"), "{told}");
        }
    }
}
