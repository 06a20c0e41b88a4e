//! A profile (TOML), as `sst-fetch dataset` and `sst-fetch model` read it.

use std::ffi::OsString;
use std::path::Path;

use stage::Program;
use testkit::Random;
use toml::Table;

use super::Format;
use crate::bytes::{self, index, once_in, one_of};
use crate::mutant::{Mutant, Refusal};
use crate::text::{self, piece};

const PROFILES: [&str; 2] = [
    "description = \"sentences\"\n[fetch.dataset]\nsource = \"sample\"\nlabel_names = [\"Culture, arts\", \"R&D\"]\nmax_samples = 100\n\
     delimiter = \";\"\nno_header = true\nsplit = [0.8, 0.1, 0.1]\nseed = 7\n[fetch.model]\nsource = \"hub:owner/name\"\n\
     [finetune]\nlearning_rate = 5e-5\n[sweep.space]\nlearning_rate = { min = 1e-5, max = 1e-3 }\n",
    "[fetch.dataset]\ntrain = \"a.csv\" # where it is\ntext_column = 'review'\nscore_column = \"stars\"\nscore_range = \"1,5\"\n\
     unlabeled = \"\"\"\nnone\"\"\"\nstrict = false\nkeep_columns = [\"id\", \"region\"]\n[fetch]\n[eval]\n",
];

#[derive(Debug)]
pub(super) struct Profiles;

impl Format for Profiles {
    fn make(&self, random: &mut Random) -> Mutant {
        let other = one_of(random, &PROFILES);
        let mut profile = one_of(random, &PROFILES).to_owned();
        for _ in 0..=random.below(3) {
            match random.below(3) {
                0 => text::change(random, &mut profile, other),
                1 => change_value(random, &mut profile),
                _ => change_section(random, &mut profile),
            }
        }
        let mut profile = profile.into_bytes();
        if once_in(random, 5) {
            bytes::change(random, &mut profile, other.as_bytes());
        }
        Mutant::new(one_of(random, &["dataset.toml", "model.toml"]), profile)
    }

    fn is_accepted(&self, mutant: &Mutant) -> bool {
        std::str::from_utf8(&mutant.bytes).is_ok_and(|text| text.parse::<Table>().is_ok())
    }

    fn read(&self, path: &Path) -> Result<(), Refusal> {
        let subcommand = path.file_stem().unwrap();
        let words: [OsString; 6] =
            ["sst-fetch".into(), subcommand.to_owned(), "--profile".into(), path.into(), "--out".into(), "out".into()];
        let parsed = Program::new("fetch").parse::<sst_fetch::Args>(words.to_vec());
        let is_toml = std::fs::read_to_string(path).is_ok_and(|text| text.parse::<Table>().is_ok());
        parsed.map(drop).map_err(|error| {
            // What is missing on the command line is clap's to say; it is no fault of the file.
            let usage = error.downcast_ref::<clap::Error>().map(|usage| format!("{}: {usage}", path.display()));
            Refusal::of(usage.unwrap_or_else(|| format!("{error:#}")), if is_toml { &[] } else { &["line ", "UTF-8"] })
        })
    }
}

/// Another value behind some `=`.
fn change_value(random: &mut Random, profile: &mut String) {
    const VALUES: [&str; 16] = [
        "1",
        "-1",
        "1e400",
        "nan",
        "9223372036854775807",
        "9223372036854775808",
        "true",
        "\"\"",
        "''",
        "[]",
        "[[1], [\"a\"]]",
        "{}",
        "{ a = { b = 1 } }",
        "1979-05-27T07:32:00Z",
        "\"\\u0000\"",
        "\"--help\"",
    ];
    let values: Vec<usize> = profile.match_indices(" = ").map(|(at, _)| at + 3).collect();
    let Some(&begin) = values.get(index(random, values.len())) else { return };
    let end = profile[begin..].find('\n').map_or(profile.len(), |length| begin + length);
    let new = match random.below(8) {
        0 => format!("{piece:?}", piece = piece(random)),
        1 => format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)),
        _ => one_of(random, &VALUES).to_owned(),
    };
    profile.replace_range(begin..end, &new);
}

fn change_section(random: &mut Random, profile: &mut String) {
    const SECTIONS: [&str; 10] = [
        "[fetch.dataset]\n",
        "[fetch.model]\n",
        "[[fetch.dataset]]\n",
        "[fetch.dataset.source]\n",
        "[fetch]\nmodel = 1\n",
        "[a.b]\n",
        "fetch.dataset.seed = 1\n",
        "out = \"x\"\n",
        "profile = \"x.toml\"\n",
        "[fetch . \"dataset\"]\n",
    ];
    let lines: Vec<usize> = profile.match_indices('\n').map(|(at, _)| at + 1).collect();
    let at = lines.get(index(random, lines.len())).copied().unwrap_or(0);
    profile.insert_str(at, one_of(random, &SECTIONS));
}
