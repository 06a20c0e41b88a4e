//! Flipped bits and truncations of every file of a checkpoint: each is detected by the program, none is continued from.
//!
//! A run has kept one checkpoint per step. Of a copy each checkpoint but the first gets a damage of its own, and the
//! program, which looks from the newest to the oldest, has to pass over each of them, and says so. Best weights and the
//! log are shared by several checkpoints, so of these one is damaged at a time.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::Value;

use crate::random::Random;
use crate::site::{Site, continued_at, files, whole_checkpoints};
use crate::{size, tell};

/// Steps, and checkpoints, of the run that is damaged.
const STEPS: u64 = 41;
const RUN: &str = "--precision float32 --max-steps 100 --save-strategy steps --save-steps 1 --save-total-limit 50 \
     --eval-strategy steps --eval-steps 1 --ema-decay 0.9";
/// What lies in the folder of a checkpoint.
const OWN_FILES: [&str; 5] =
    ["average.safetensors", "manifest.json", "model.safetensors", "optimizer.safetensors", "state.json"];

#[derive(Debug, Clone, Copy)]
enum Damage {
    Flip,
    Truncation,
}

impl Damage {
    fn of(self, mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
        let place = random.below(bytes.len() as u64) as usize;
        match self {
            Self::Flip => bytes[place] ^= 1 << random.below(8),
            Self::Truncation => bytes.truncate(place),
        }
        bytes
    }
}

#[test]
fn no_damage_of_a_checkpoint_goes_unnoticed() {
    let site = Site::small();
    site.finish("sound", &format!("{RUN} --stop-at-step {STEPS}"));
    assert_eq!(whole_checkpoints(&site.path("sound")).len() as u64, STEPS);
    let trials = [(Damage::Flip, size(5, 241), size(4, 180)), (Damage::Truncation, size(2, 24), size(2, 20))];
    for (damage, runs, shared) in trials {
        let counts = Mutex::new(BTreeMap::new());
        in_parallel(0..runs, |seed| damage_own_files(&site, damage, seed, &counts));
        in_parallel(0..shared, |seed| damage_best_weights(&site, damage, seed, &counts));
        in_parallel(0..shared, |seed| damage_log(&site, damage, seed, &counts));
        let counts = counts.into_inner().unwrap();
        let total: u64 = counts.values().sum();
        let told: Vec<(&str, u64)> = counts.iter().map(|(file, n)| (file.as_str(), *n)).collect();
        tell(&format!("damage: {damage:?}, detected by file"), &told);
        tell(&format!("damage: {damage:?}"), &[("detected", total), ("of", total), ("continued from", 0)]);
        assert_eq!(total, runs * (STEPS - 1) + 2 * shared);
        assert_eq!(counts.len(), OWN_FILES.len() + 2, "every file had its share");
    }
}

type Counts = Mutex<BTreeMap<String, u64>>;

/// Damages one file of every checkpoint but the first.
fn damage_own_files(site: &Site, damage: Damage, seed: u64, counts: &Counts) {
    let mut random = Random::new(seed);
    let out = copy(site, &format!("own-{seed}"));
    let mut damaged = BTreeMap::new();
    for checkpoint in &whole_checkpoints(&site.path(&out))[1..] {
        let name = OWN_FILES[random.below(OWN_FILES.len() as u64) as usize];
        replace(&checkpoint.join(name), |bytes| damage.of(bytes, &mut random));
        damaged.insert(checkpoint.file_name().unwrap().to_str().unwrap().to_owned(), name);
    }
    let said = site.finish(&out, &format!("{RUN} --stop-at-step 2"));
    assert_eq!(continued_at(&said), 1, "{damage:?}, seed {seed}: {said}");
    let passed_over: Vec<String> = passed_over(&said, &out).collect();
    let expected: Vec<String> = damaged.keys().rev().cloned().collect();
    assert_eq!(passed_over, expected, "{damage:?}, seed {seed}: {said}");
    for file in damaged.values() {
        *counts.lock().unwrap().entry((*file).to_owned()).or_insert(0) += 1;
    }
    site.remove(&out);
}

/// Damages one copy of best weights; only checkpoints that do not name it are to be trusted.
fn damage_best_weights(site: &Site, damage: Damage, seed: u64, counts: &Counts) {
    let mut random = Random::new(1000 + seed);
    let out = copy(site, &format!("best-{seed}"));
    let is_best = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("best-step-");
    let best: Vec<PathBuf> = files(&site.path(&out).join("checkpoints")).into_iter().filter(is_best).collect();
    let victim = &best[random.below(best.len() as u64) as usize];
    replace(victim, |bytes| damage.of(bytes, &mut random));
    let name = format!("../{}", victim.file_name().unwrap().to_str().unwrap());
    expect_newest(site, &out, |manifest| manifest["files"].get(&name).is_none(), (damage, seed));
    *counts.lock().unwrap().entry("best-step-N.safetensors".to_owned()).or_insert(0) += 1;
}

/// Damages the log; only checkpoints that saw no more than what stands before the damage are to be trusted.
fn damage_log(site: &Site, damage: Damage, seed: u64, counts: &Counts) {
    let mut random = Random::new(2000 + seed);
    let out = copy(site, &format!("log-{seed}"));
    let log = site.path(&out).join("log.jsonl");
    let sound = fs::read(&log).unwrap();
    replace(&log, |bytes| damage.of(bytes, &mut random));
    let found = fs::read(&log).unwrap();
    let whole = sound.iter().zip(&found).take_while(|(a, b)| a == b).count() as u64;
    expect_newest(site, &out, |manifest| manifest["log"]["bytes"].as_u64().unwrap() <= whole, (damage, seed));
    *counts.lock().unwrap().entry("log.jsonl".to_owned()).or_insert(0) += 1;
}

/// Runs on, and expects that the newest checkpoint is continued of which the manifest is `sound`.
fn expect_newest(site: &Site, out: &str, sound: impl Fn(&Value) -> bool, (damage, seed): (Damage, u64)) {
    let is_sound =
        |path: &&PathBuf| sound(&serde_json::from_slice(&fs::read(path.join("manifest.json")).unwrap()).unwrap());
    let checkpoints = whole_checkpoints(&site.path(out));
    let newest = checkpoints.iter().rfind(is_sound);
    let step = newest.map_or(0, |path| path.to_str().unwrap().rsplit('-').next().unwrap().parse().unwrap());
    let said = site.finish(out, &format!("{RUN} --stop-at-step {}", step + 1));
    assert_eq!(continued_at(&said), step, "{damage:?}, seed {seed}: {said}");
    assert_eq!(passed_over(&said, out).count() as u64, STEPS - step, "{damage:?}, seed {seed}: {said}");
    site.remove(out);
}

/// The checkpoints that a run passed over, in that order.
fn passed_over(said: &str, out: &str) -> impl Iterator<Item = String> {
    let begin = format!("bert-finetune: skipping {out}/checkpoints/");
    said.lines().filter_map(move |line| Some(line.strip_prefix(&begin)?.split(':').next()?.to_owned()))
}

/// A copy of the sound run. What a run changes in place is copied, the rest are further names of the same files.
fn copy(site: &Site, name: &str) -> String {
    let from = site.path("sound");
    for path in files(&from) {
        let to = site.path(name).join(path.strip_prefix(&from).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::hard_link(&path, &to).unwrap();
    }
    for in_place in ["log.jsonl", ".lock"] {
        replace(&site.path(name).join(in_place), |bytes| bytes);
    }
    name.to_owned()
}

/// Puts another file in the place of `path`, which may be one name of several.
#[expect(clippy::disallowed_methods, reason = "damage is not an output")]
fn replace(path: &Path, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let bytes = fs::read(path).unwrap();
    fs::remove_file(path).unwrap();
    fs::write(path, change(bytes)).unwrap();
}

/// Runs `work` for each seed, as many at once as there are cores.
fn in_parallel(seeds: Range<u64>, work: impl Fn(u64) + Sync) {
    let seeds = Mutex::new(seeds);
    let cores = std::thread::available_parallelism().unwrap().get();
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let Some(seed) = seeds.lock().unwrap().next() else { return };
                    work(seed);
                }
            });
        }
    });
}
