//! What was found: how many rows of each kind, and the first of them.

use std::collections::BTreeMap;

use super::kind::Kind;

/// Examples of each kind.
const N_SHOWN: usize = 10;

/// The rows of each kind, with the row by which each was found; the first ones of them.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) rows: BTreeMap<Kind, usize>,
    pub(crate) examples: BTreeMap<Kind, Vec<(u32, Option<u32>)>>,
}

impl Found {
    pub(crate) fn add(&mut self, kind: Kind, row: u32, other: Option<u32>) {
        *self.rows.entry(kind).or_default() += 1;
        let examples = self.examples.entry(kind).or_default();
        if examples.len() < N_SHOWN {
            examples.push((row, other));
        }
    }
}
