//! The worker: makes mutants by their numbers, reads them, and says on its standard output what came of each.
//!
//! A line `@ begin NUMBER` before a mutant, and behind it one that [`Line`] parses. The parent knows by them which mutant a
//! worker died of.

use std::cell::RefCell;
use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::time::Instant;

use rustix::process::{Resource, Rlimit, setrlimit};
use testkit::Random;

use crate::formats::{self, Format};
use crate::mutant::{Mutant, Verdict};

/// What the worker is to do: `FORMAT FIRST END`, or `FORMAT file PATH`.
pub(crate) const TASK: &str = "MUTANTS_WORKER";
/// Bytes of address space: a reader of files of a few kilobytes has no need of more.
const MEMORY: u64 = 1 << 30;

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// What a worker says of a mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) accepted: bool,
    pub(crate) microseconds: u64,
    /// What was wrong with the reader, if anything was.
    pub(crate) outcome: Result<Verdict, String>,
}

impl Line {
    fn text(&self) -> String {
        let outcome = match &self.outcome {
            Ok(verdict) => format!("{verdict:?}"),
            Err(wrong) => format!("wrong {}", wrong.escape_debug()),
        };
        format!("@ {} {} {} {outcome}\n", self.number, self.accepted, self.microseconds)
    }

    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("@ ")?.splitn(4, ' ');
        let (number, accepted, microseconds) = (words.next()?, words.next()?, words.next()?);
        let outcome = match words.next()? {
            "Read" => Ok(Verdict::Read),
            "Refused" => Ok(Verdict::Refused),
            wrong => Err(wrong.strip_prefix("wrong ")?.to_owned()),
        };
        let (number, accepted, microseconds) =
            (number.parse().ok()?, accepted.parse().ok()?, microseconds.parse().ok()?);
        Some(Self { number, accepted, microseconds, outcome })
    }
}

/// The number of the mutant that a worker begins.
pub(crate) fn begun(line: &str) -> Option<u64> {
    line.strip_prefix("@ begin ")?.trim().parse().ok()
}

/// The mutant with a number.
pub(crate) fn mutant(format: &dyn Format, number: u64) -> Mutant {
    format.make(&mut Random::new(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

/// Does what the environment says; nothing where it says nothing.
pub(crate) fn run() {
    let Ok(task) = std::env::var(TASK) else { return };
    let mut words = task.splitn(3, ' ');
    let (name, first, last) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    let format = &*formats::named(name);
    setrlimit(Resource::As, Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) }).unwrap();
    panic::set_hook(Box::new(|panic| PANIC.set(panic.to_string())));
    let folder = tempfile::tempdir().unwrap();
    for kind in ["json", "vocabulary", "config", "manifests"] {
        std::fs::create_dir(folder.path().join(kind)).unwrap();
    }
    if first == "file" {
        let saved = Path::new(last);
        let name = std::fs::read_to_string(saved.with_extension("name")).unwrap();
        say(&judge(format, 0, &Mutant::new(name, std::fs::read(saved).unwrap()), folder.path()).text());
        return;
    }
    let (first, end): (u64, u64) = (first.parse().unwrap(), last.parse().unwrap());
    say(&format!("@ begin {first}\n"));
    for number in first..end {
        let line = judge(format, number, &mutant(format, number), folder.path());
        say(&format!("{}@ begin {}\n", line.text(), number + 1));
    }
}

fn say(text: &str) {
    std::io::stdout().write_all(text.as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}

fn judge(format: &dyn Format, number: u64, mutant: &Mutant, folder: &Path) -> Line {
    let path = mutant.write(folder);
    let begun = Instant::now();
    let read = panic::catch_unwind(AssertUnwindSafe(|| format.read(&path)));
    let microseconds = begun.elapsed().as_micros() as u64;
    let file = path.file_name().unwrap().to_string_lossy();
    let outcome = match read {
        Err(_) => Err(format!("panic: {}", PANIC.take())),
        Ok(Ok(())) => Ok(Verdict::Read),
        Ok(Err(refusal)) if !refusal.message.contains(&*file) => Err(format!("names no file: {}", refusal.message)),
        Ok(Err(refusal)) if !refusal.has_place => Err(format!("names no place: {}", refusal.message)),
        Ok(Err(_)) => Ok(Verdict::Refused),
    };
    Line { number, accepted: format.is_accepted(mutant), microseconds, outcome }
}

#[test]
fn a_line_is_read_as_it_was_written() {
    let outcomes = [Ok(Verdict::Read), Ok(Verdict::Refused), Err("panic: a b".to_owned())];
    for outcome in outcomes {
        let line = Line { number: 7, accepted: true, microseconds: 12, outcome };
        assert_eq!(Line::parse(line.text().trim_end()), Some(line));
    }
    assert_eq!((begun("@ begin 9"), begun("@ 9 true 1 Read"), Line::parse("running 1 test")), (Some(9), None, None));
}
