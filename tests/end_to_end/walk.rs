//! Walks: what the tests share that change things at random, and hold what comes out to what an empty folder gives.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use testkit::Random;

/// What a walk left: of each file what has to be the same, a hash or a text.
pub(crate) type Left = BTreeMap<PathBuf, String>;

/// The numbers of the walks that are taken: `n`, or `WALKS` many, or `WALK` alone.
pub(crate) fn numbers(n: u64) -> Range<u64> {
    let number = |name| std::env::var(name).ok().map(|value: String| value.parse::<u64>().unwrap());
    number("WALK").map_or_else(|| 0..number("WALKS").unwrap_or(n), |walk| walk..walk + 1)
}

/// Takes the walks, and fails with all that went wrong.
pub(crate) fn take(numbers: Range<u64>, walk: impl FnMut(u64) -> Option<String>) {
    let failed: Vec<String> = numbers.filter_map(walk).collect();
    assert!(failed.is_empty(), "{} walks:\n{}", failed.len(), failed.join("\n"));
}

pub(crate) fn one_of<T: Copy>(random: &mut Random, all: &[T]) -> T {
    all[random.below(all.len() as u64) as usize]
}

/// Takes one of these files away, or its second half, or changes a byte; what it did, in words.
pub(crate) fn damage_one(random: &mut Random, files: &[PathBuf]) -> String {
    let Some(n) = u64::try_from(files.len()).ok().filter(|&n| n > 0) else { return "nothing to damage".to_owned() };
    let file = &files[random.below(n) as usize];
    let name = file.display();
    let mut bytes = fs::read(file).unwrap();
    match random.below(3) {
        1 if !bytes.is_empty() => {
            let place = random.below(bytes.len() as u64) as usize;
            bytes[place] ^= 1;
            fs::write(file, bytes).unwrap();
            format!("byte {place} of {name} changed")
        }
        2 => {
            bytes.truncate(bytes.len() / 2);
            fs::write(file, bytes).unwrap();
            format!("half of {name}")
        }
        _ => {
            fs::remove_file(file).unwrap();
            format!("without {name}")
        }
    }
}

/// The files that differ, with the first lines that do, where they are known.
pub(crate) fn differing(expected: &Left, found: &Left) -> Vec<String> {
    let names = expected.keys().chain(found.keys().filter(|name| !expected.contains_key(*name)));
    let differs = |name: &&PathBuf| expected.get(*name) != found.get(*name);
    let told = |name: &PathBuf| {
        let lines = |left: &Left| {
            left.get(name).map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).unwrap_or_default()
        };
        let (expected, found) = (lines(expected), lines(found));
        let first =
            (0..expected.len().max(found.len())).find(|index| expected.get(*index) != found.get(*index)).unwrap();
        format!("{}: {:?} -> {:?}", name.display(), expected.get(first), found.get(first))
    };
    names.filter(differs).map(told).collect()
}

/// All files below a folder, in order; none where it is not there.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
