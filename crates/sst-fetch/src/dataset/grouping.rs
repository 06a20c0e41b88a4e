//! What belongs together when rows are split: the nodes of a tree, copies of a text, the pieces of one sentence, and rows
//! that the user says do.

use std::collections::HashMap;

use anyhow::Context;
use corpus::records::Row;
use corpus::similarity::{Groups, exact_key};

use super::rows::{RowSource, changed, try_for_each_row};

/// Of so many sentences all are searched for pieces; of more only if a part of them has some.
const ALWAYS_SEARCHED: usize = 300_000;

/// The sentences of the train split by group, while they are read. Of a tree, the text of its root counts: its nodes have
/// words that many sentences have.
pub(crate) struct Grouping {
    /// Of sentences.
    groups: Groups,
    /// Where the value of --group-column is among the kept ones.
    column: Option<usize>,
    first_with_value: HashMap<u64, u32>,
    first_row_of_sentence: Vec<u32>,
    sentence_of_row: Vec<u32>,
}

impl Grouping {
    pub(crate) fn new(column: Option<usize>) -> Self {
        Self {
            groups: Groups::new(),
            column,
            first_with_value: HashMap::new(),
            first_row_of_sentence: Vec::new(),
            sentence_of_row: Vec::new(),
        }
    }

    /// Hears of the next row.
    pub(crate) fn add(&mut self, row: &Row) -> anyhow::Result<()> {
        let row_number = u32::try_from(self.sentence_of_row.len()).context("more than 2^32 rows cannot be divided")?;
        if is_sentence(row) {
            let sentence = self.first_row_of_sentence.len() as u32;
            self.first_row_of_sentence.push(row_number);
            self.groups.add(&row.text);
            let value = self.column.and_then(|column| row.kept.get(column)?.as_deref()).map(str::trim);
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                let first = *self.first_with_value.entry(exact_key(value)).or_insert(sentence);
                self.groups.union(first, sentence);
            }
        }
        self.sentence_of_row.push((self.first_row_of_sentence.len() as u32).saturating_sub(1));
        Ok(())
    }

    /// The group of each row, as the number of its first row, after `sources` are read once more to find the pieces of
    /// longer texts.
    pub(crate) fn finish(mut self, sources: &[Box<dyn RowSource>]) -> anyhow::Result<Vec<u32>> {
        if self.groups.len() > ALWAYS_SEARCHED && !self.have_pieces(sources)? {
            return Ok(self.of_rows());
        }
        let mut sentence = 0;
        let n_sentences = self.first_row_of_sentence.len() as u32;
        for source in sources {
            try_for_each_row(source.as_ref(), |row| {
                if is_sentence(&row) {
                    if sentence == n_sentences {
                        return Err(changed(source.path()));
                    }
                    self.groups.link(&row.text, sentence);
                    sentence += 1;
                }
                Ok(())
            })?;
        }
        Ok(self.of_rows())
    }

    /// Whether the texts have pieces of each other, by a part of them.
    fn have_pieces(&mut self, sources: &[Box<dyn RowSource>]) -> anyhow::Result<bool> {
        for source in sources {
            try_for_each_row(source.as_ref(), |row| {
                if is_sentence(&row) {
                    self.groups.probe(&row.text);
                }
                Ok(())
            })?;
        }
        Ok(self.groups.have_pieces())
    }

    fn of_rows(self) -> Vec<u32> {
        let groups = self.groups.finish();
        let first_row = |sentence: &u32| self.first_row_of_sentence[groups[*sentence as usize] as usize];
        self.sentence_of_row.iter().map(first_row).collect()
    }
}

fn is_sentence(row: &Row) -> bool {
    row.node.is_none_or(|node| node.depth == 0)
}
