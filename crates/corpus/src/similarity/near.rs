//! Near duplicates: texts that share most of their runs of three words.
//!
//! Candidates are found by minima of hashes in bands (Broder 1997; Leskovec, Rajaraman and Ullman, chapter 3), and each is
//! verified: at least 0.8 of the runs that either of two texts has are in both.

use std::collections::HashMap;

use super::words::{key_between, powers, prefix_hashes};
use crate::sample::mixed;

/// Words of a run.
const RUN: usize = 3;
/// Texts with fewer words are not compared.
const MIN_WORDS: usize = 6;
const N_BANDS: usize = 10;
const PER_BAND: usize = 3;
const SIMILAR: f64 = 0.8;
/// Of texts that share a band, so many before each are compared with it.
const MAX_COMPARED: usize = 8;

/// Finds near duplicates among texts; it keeps some 8 bytes a word, and a kilobyte a text.
#[derive(Debug, Default)]
pub struct NearDuplicates {
    runs: Vec<Vec<u64>>,
    /// The first [`MAX_COMPARED`] texts of each band.
    bands: HashMap<u64, Vec<u32>>,
}

impl NearDuplicates {
    /// No texts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of texts.
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Adds the next text; the first one before it that is nearly the same, but not word for word.
    pub fn add(&mut self, text: &str) -> Option<u32> {
        let number = self.runs.len() as u32;
        let runs = runs(text);
        let keys = band_keys(&runs);
        let nearest = self.nearest(&runs, &keys, |other| other != runs);
        for key in keys {
            let of_band = self.bands.entry(key).or_default();
            if of_band.len() < MAX_COMPARED {
                of_band.push(number);
            }
        }
        self.runs.push(runs);
        nearest
    }

    /// The first of the texts that is nearly the same as `text`, or the same, which is not added.
    pub fn find(&self, text: &str) -> Option<u32> {
        let runs = runs(text);
        self.nearest(&runs, &band_keys(&runs), |_| true)
    }

    fn nearest(&self, runs: &[u64], keys: &[u64], may_be: impl Fn(&[u64]) -> bool) -> Option<u32> {
        let others = keys.iter().filter_map(|key| self.bands.get(key)).flatten();
        let is_near = |&&other: &&u32| {
            let other = &self.runs[other as usize];
            may_be(other) && similarity(other, runs) >= SIMILAR
        };
        others.filter(is_near).min().copied()
    }
}

/// Under which keys texts are found that share most runs with one that has these; none for a short text.
fn band_keys(runs: &[u64]) -> Vec<u64> {
    if runs.len() + RUN <= MIN_WORDS {
        return Vec::new();
    }
    let minimum = |seed: usize| runs.iter().map(|&run| mixed(seed as u64, run)).min().unwrap_or_default();
    let key = |band: usize| (0..PER_BAND).map(|row| minimum(band * PER_BAND + row)).fold(0, mixed);
    (0..N_BANDS).map(key).collect()
}

/// The keys of the runs of words of a text, sorted, each once.
fn runs(text: &str) -> Vec<u64> {
    let mut hashes = Vec::new();
    prefix_hashes(text, &mut hashes);
    let power = powers(RUN)[RUN];
    let pairs = hashes.iter().zip(hashes.iter().skip(RUN));
    let mut runs: Vec<u64> = pairs.map(|(before, after)| key_between(*before, *after, power, RUN)).collect();
    runs.sort_unstable();
    runs.dedup();
    runs
}

/// The share of what either has that both have.
fn similarity(a: &[u64], b: &[u64]) -> f64 {
    let common = a.iter().filter(|run| b.binary_search(run).is_ok()).count();
    common as f64 / (a.len() + b.len() - common).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_differ_in_little_are_near() {
        let base = "this is the first film of the year that made me laugh out loud in the cinema for two hours";
        let mut near = NearDuplicates::new();
        assert_eq!(near.add(base), None);
        assert_eq!(near.add(&base.replace("two hours", "three hours")), Some(0));
        assert_eq!(near.add(&format!("{base} .")), Some(1), "the same words are no near duplicate");
        assert_eq!(
            near.add("this is the first film of another year that made nobody laugh in any cinema at all"),
            None
        );
        assert_eq!(near.add("good film"), None);
        assert_eq!(near.add("good film"), None, "too short to compare");

        assert_eq!(near.find(&base.replace("two hours", "four hours")), Some(0));
        assert_eq!((near.find(base), near.len()), (Some(0), 6), "the same is found, and nothing is added");
        assert_eq!(near.find("good film"), None);
    }
}
