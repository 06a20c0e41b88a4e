//! Walks: what the tests share that change things at random, and hold what comes out to what an empty folder gives.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::hash::Hash;
use std::ops::Range;
use std::path::{Path, PathBuf};

use testkit::{Pipeline, Random};

/// What a walk left: of each file what has to be the same, a hash or a text.
pub(crate) type Left = BTreeMap<PathBuf, String>;

/// The numbers of the walks that are taken: `n`, or `WALKS` many, or `WALK` alone.
pub(crate) fn numbers(n: u64) -> Range<u64> {
    let number = |name| std::env::var(name).ok().map(|value: String| value.parse::<u64>().unwrap());
    number("WALK").map_or_else(|| 0..number("WALKS").unwrap_or(n), |walk| walk..walk + 1)
}

/// What is walked through: what can be chosen, what happens on the way, and what is to be there at its end.
pub(crate) trait Way: Sized {
    /// Everything that is chosen; a walk begins with the default.
    type Mind: Copy + Default + Eq + Hash;

    /// A folder with inputs, and with nothing made of them.
    fn begin(mind: &Self::Mind) -> Pipeline;

    /// One thing that a user does, or that happens to one; in words.
    fn take_a_turn(walk: &mut Walk<Self>) -> String;

    /// Runs everything; where something is refused that was damaged, it starts over, as the message asks for.
    fn run(walk: &mut Walk<Self>) -> Result<(), String>;

    /// What has something to do although all has run; none is right.
    fn busy(walk: &Walk<Self>) -> Option<String>;

    /// What is there now.
    fn left(pipeline: &Pipeline) -> Left;
}

/// One walk on its way.
pub(crate) struct Walk<W: Way> {
    pub(crate) random: Random,
    pub(crate) pipeline: Pipeline,
    pub(crate) mind: W::Mind,
    /// What was done, to be told.
    pub(crate) done: Vec<String>,
}

/// How often everything is run in a walk.
const ROUNDS: usize = 3;

/// Takes the walks, and fails with all that went wrong.
pub(crate) fn take<W: Way>(numbers: Range<u64>) {
    let mut clean = HashMap::new();
    let failed: Vec<String> = numbers
        .filter_map(|number| Walk::<W>::beginning(number, W::Mind::default()).fails(number, &mut clean))
        .collect();
    assert!(failed.is_empty(), "{} walks:\n{}", failed.len(), failed.join("\n"));
}

impl<W: Way> Walk<W> {
    fn beginning(number: u64, mind: W::Mind) -> Self {
        Self { random: Random::new(number), pipeline: W::begin(&mind), mind, done: Vec::new() }
    }

    /// Takes the walk, and says what is wrong, if anything is.
    fn fails(mut self, number: u64, clean: &mut HashMap<W::Mind, Left>) -> Option<String> {
        for _ in 0..ROUNDS {
            for _ in 0..=self.random.below(3) {
                let told = W::take_a_turn(&mut self);
                self.done.push(told);
            }
            let wrong = W::run(&mut self).err().or_else(|| {
                let expected = clean.entry(self.mind).or_insert_with(|| Self::of_an_empty_folder(self.mind));
                let differing = differing(expected, &W::left(&self.pipeline));
                (!differing.is_empty()).then(|| format!("{} differ", differing.join(", ")))
            });
            if let Some(wrong) = wrong.or_else(|| W::busy(&self)) {
                return Some(format!("walk {number}: {}: {wrong}", self.done.join("; ")));
            }
            self.done.push("all".to_owned());
        }
        None
    }

    fn of_an_empty_folder(mind: W::Mind) -> Left {
        let mut walk = Self::beginning(0, mind);
        let ended = W::run(&mut walk);
        assert!(ended.is_ok() && walk.done.is_empty(), "in an empty folder: {ended:?}, {:?}", walk.done);
        W::left(&walk.pipeline)
    }
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
fn differing(expected: &Left, found: &Left) -> Vec<String> {
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
