//! Near duplicates: texts that share most of their runs of three words.
//!
//! Candidates are found by minima of hashes in bands (Broder 1997; Leskovec, Rajaraman and Ullman, chapter 3), and each is
//! verified: at least 0.8 of the runs that either of two texts has are in both.

use std::collections::HashMap;

use super::words::{beginnings, key_between, powers};
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

/// Finds near duplicates among texts; it keeps some 8 bytes a word.
#[derive(Debug, Default)]
pub struct NearDuplicates {
    runs: Vec<Vec<u64>>,
    bands: HashMap<(usize, u64), Vec<u32>>,
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
        let mut nearest = None;
        if runs.len() + RUN > MIN_WORDS {
            for band in 0..N_BANDS {
                let minimum = |row: usize| {
                    let seed = (band * PER_BAND + row) as u64;
                    runs.iter().map(|&run| mixed(seed, run)).min().unwrap_or_default()
                };
                let key = (0..PER_BAND).map(minimum).fold(0, mixed);
                let others = self.bands.entry((band, key)).or_default();
                for &other in others.iter().take(MAX_COMPARED) {
                    let is_near =
                        self.runs[other as usize] != runs && similarity(&self.runs[other as usize], &runs) >= SIMILAR;
                    if is_near && nearest.is_none_or(|nearest| other < nearest) {
                        nearest = Some(other);
                    }
                }
                others.push(number);
            }
        }
        self.runs.push(runs);
        nearest
    }
}

/// The keys of the runs of words of a text, sorted, each once.
fn runs(text: &str) -> Vec<u64> {
    let mut hashes = Vec::new();
    beginnings(text, &mut hashes);
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
    }
}
