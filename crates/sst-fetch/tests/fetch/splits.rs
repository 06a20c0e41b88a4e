//! Which rows go into which split: what is missing is split off, train is cut into folds, splits are sampled.

mod column;
mod folds;
mod groups;
mod samples;
mod shares;

use std::collections::BTreeMap;

use corpus::Split;
use corpus::raw::{RawSet, Record};
use testkit::Sandbox;

use crate::support::Fetch;

/// A table of `n` different texts, whose label is `labels[i % labels.len()]`.
pub(crate) fn table(n: usize, labels: &[&str]) -> String {
    let row = |i: usize| format!("{} number {i} of its kind,{}\n", word(i), labels[i % labels.len()]);
    std::iter::once("text,label\n".to_owned()).chain((0..n).map(row)).collect()
}

/// A word that no other number has.
fn word(number: usize) -> String {
    let letter = |place: u32| char::from(b'a' + (number / 26_usize.pow(place) % 26) as u8);
    (0..4).map(letter).collect()
}

/// The records of a split of `out`; none if it has no such file.
pub(crate) fn records(sandbox: &Sandbox, out: &str, split: Split) -> Vec<Record> {
    let path = sandbox.path(out).join(split.file());
    if path.exists() { RawSet::read(&path).unwrap().records } else { Vec::new() }
}

/// The number of rows of each class in train, validation and test.
pub(crate) fn class_counts(sandbox: &Sandbox, out: &str) -> [Vec<usize>; 3] {
    Split::ALL.map(|split| {
        let mut counts: BTreeMap<i32, usize> = BTreeMap::new();
        records(sandbox, out, split)
            .iter()
            .filter_map(|r| r.label)
            .for_each(|label| *counts.entry(label).or_default() += 1);
        counts.into_values().collect()
    })
}

/// The ids of a split.
pub(crate) fn ids(sandbox: &Sandbox, out: &str, split: Split) -> Vec<i64> {
    records(sandbox, out, split).iter().map(|record| record.id).collect()
}

/// Fetches what must succeed; what it said.
pub(crate) fn said(sandbox: &Sandbox, line: &str) -> String {
    sandbox.fetched(&format!("dataset {line}")).stderr
}
