//! A mutant that was not read and not refused: saved under `target/mutants`, without the parts that do not matter.

use std::path::PathBuf;

use testkit::workspace;

use crate::formats;
use crate::mutant::Mutant;
use crate::worker::mutant;
use crate::workers::{Said, Worker};

/// Attempts to make a mutant smaller; each takes a process.
const ATTEMPTS: usize = 60;

/// Saves a mutant that failed, and says where it is and how it failed.
pub(crate) fn saved(format: &str, number: u64, wrong: &str) -> String {
    let whole = mutant(&*formats::named(format), number);
    let kind = kind(wrong);
    let path = write(format, number, &whole);
    let mut smallest = whole;
    let mut part = smallest.bytes.len() / 2;
    let (mut at, mut attempts) = (0, 0);
    // A message is wrong whatever the size of the file.
    while part > 0 && attempts < ATTEMPTS && !kind.starts_with("names no") {
        if at >= smallest.bytes.len() {
            (at, part) = (0, part / 2);
            continue;
        }
        let mut smaller = smallest.clone();
        smaller.bytes.drain(at..(at + part).min(smallest.bytes.len()));
        write(format, number, &smaller);
        attempts += 1;
        if fails(format, &path).is_some_and(|wrong| self::kind(&wrong) == kind) {
            smallest = smaller;
        } else {
            at += part;
        }
        write(format, number, &smallest);
    }
    let beginning: String = wrong.chars().take(400).collect();
    let told = format!("{format} {number}: {beginning}; saved as {} ({} bytes)", path.display(), smallest.bytes.len());
    println!("{told}");
    told
}

/// What a failure is called: `signal 6`, `panic`, without its details.
fn kind(wrong: &str) -> String {
    wrong.split(':').next().unwrap_or_default().to_owned()
}

fn write(format: &str, number: u64, mutant: &Mutant) -> PathBuf {
    let folder = workspace().join("target/mutants");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{format}-{number}.bin"));
    std::fs::write(path.with_extension("name"), &mutant.name).unwrap();
    std::fs::write(&path, &mutant.bytes).unwrap();
    path
}

/// How a saved mutant fails, if it does.
fn fails(format: &str, path: &std::path::Path) -> Option<String> {
    match Worker::start(&format!("{format} file {}", path.display())).next() {
        Said::Line(line) => line.outcome.err(),
        Said::Died { how, .. } => Some(how),
        Said::Done => None,
    }
}
