//! Freshness: what an output folder holds against what its manifest says, and against the manifest that would be written.

use std::fs;
use std::path::Path;

use crate::hash_cache::HashCache;
use crate::manifest::{MANIFEST, Manifest};
use crate::seal::Seal;

/// Differences that are named before a finished result gives way; the others are counted.
const MOST_NAMED: usize = 5;
/// Characters of a difference, which may hold a list of any length.
const MOST_CHARACTERS: usize = 100;

/// What speaks against leaving an output folder as it is.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Why it is out of date; none of all where it is fresh.
    pub(crate) reasons: Vec<String>,
    /// The files of it whose bytes are not those that were written.
    pub(crate) edited: Vec<String>,
    /// Where it was finished with other settings: what differs, shortened.
    pub(crate) gives_way: Option<String>,
}

/// Judges `folder` by the manifest that would be written, and by whether there is a file that it does not list but needs. Large
/// outputs are hashed where `cache` does not know them.
pub(crate) fn judge(
    folder: &Path,
    expected: &Manifest,
    needed: Option<&str>,
    cache: &mut HashCache,
) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::default();
    let found = match Manifest::load(folder) {
        Ok(None) => {
            verdict.reasons.push("it has no manifest: it was never finished".to_owned());
            return Ok(verdict);
        }
        Err(unreadable) => {
            verdict.reasons.push(format!("{MANIFEST}: edited or damaged: {}", unreadable.reason));
            verdict.edited.push(MANIFEST.to_owned());
            return Ok(verdict);
        }
        Ok(Some(found)) => found,
    };
    if found.seal == Seal::Broken {
        verdict.reasons.push(format!("{MANIFEST}: edited: its text does not match its seal"));
        verdict.edited.push(MANIFEST.to_owned());
    }
    if found.key != expected.key {
        let differences = expected.differences(&found);
        verdict.gives_way = Some(shortened(&differences));
        verdict.reasons.extend(differences);
    }
    if let Some(name) = needed.filter(|name| !folder.join(name).exists()) {
        verdict.reasons.push(format!("{name}: missing"));
    }
    for (name, written) in &found.outputs {
        let path = folder.join(name);
        let Ok(metadata) = fs::metadata(&path) else {
            verdict.reasons.push(format!("output {name}: missing"));
            continue;
        };
        if metadata.len() != written.bytes || cache.fingerprint(&path)? != *written {
            verdict.reasons.push(format!("output {name}: edited since it was written"));
            verdict.edited.push(name.clone());
        }
    }
    Ok(verdict)
}

fn shortened(differences: &[String]) -> String {
    let short = |line: &String| match line.char_indices().nth(MOST_CHARACTERS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.clone(),
    };
    let mut named: Vec<String> = differences.iter().take(MOST_NAMED).map(short).collect();
    if differences.len() > MOST_NAMED {
        named.push(format!("and {} more", differences.len() - MOST_NAMED));
    }
    named.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_and_long_differences_are_shortened() {
        let few = ["a: 1 -> 2".to_owned(), "x".repeat(200)];
        assert_eq!(shortened(&few), format!("a: 1 -> 2; {}…", "x".repeat(100)));
        let many: Vec<String> = (0..8).map(|n| n.to_string()).collect();
        assert_eq!(shortened(&many), "0; 1; 2; 3; 4; and 3 more");
    }
}
