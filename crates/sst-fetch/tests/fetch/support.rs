//! `sst-fetch` in a sandbox.

use std::path::Path;

use corpus::raw::RawSet;
use testkit::{Outcome, Sandbox};

/// Runs of `sst-fetch`: the words of a line are its arguments.
pub(crate) trait Fetch {
    /// Runs it with settings of the hub's client.
    fn fetch_with(&self, line: &str, environment: &[(&str, &str)]) -> Outcome;

    fn fetch(&self, line: &str) -> Outcome {
        self.fetch_with(line, &[])
    }

    /// Runs what must succeed.
    fn fetched(&self, line: &str) -> Outcome {
        let outcome = self.fetch(line);
        outcome.assert_success(line);
        outcome
    }

    /// The message of a run that must be refused as bad input.
    fn refused(&self, line: &str) -> String {
        let outcome = self.fetch(line);
        assert_eq!(outcome.code, Some(2), "{line}: {}", outcome.stderr);
        outcome.stderr
    }
}

impl Fetch for Sandbox {
    fn fetch_with(&self, line: &str, environment: &[(&str, &str)]) -> Outcome {
        testkit::outcome(self.command(&format!("sst-fetch {line}")).envs(environment.iter().copied()))
    }
}

/// The rows of a raw file as `id|sentence_id|text|label|score|is_root`.
pub(crate) fn rows(file: &Path) -> Vec<String> {
    fn shown<T: ToString>(value: Option<T>) -> String {
        value.map_or("-".to_owned(), |value| value.to_string())
    }
    let records = RawSet::read(file).unwrap().records;
    let row = |r: corpus::raw::Record| {
        format!("{}|{}|{}|{}|{}|{}", r.id, r.sentence_id, r.text, shown(r.label), shown(r.score), u8::from(r.is_root))
    };
    records.into_iter().map(row).collect()
}
