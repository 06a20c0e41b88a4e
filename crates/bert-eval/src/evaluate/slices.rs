//! Slices of a split: texts that have something in common, such as a negation or a value of a kept column.
//!
//! Each text is seen once, with its text where `--raw` gives it, and its number is added to the slices that it belongs to.

mod slice;
mod words;
mod lengths;
mod strengths;
mod kept_values;

use std::collections::HashMap;

use corpus::raw::{RawMetadata, Record};

pub(crate) use self::slice::Slice;
pub(crate) use self::words::WordCounts;

use self::kept_values::KeptValues;
use self::lengths::length_slices;
use self::strengths::Strengths;
use self::words::{has_contrast, has_negation};

/// Collects the slices of a split, text by text.
#[derive(Debug, Default)]
pub(crate) struct SliceCollector {
    train_words: Option<WordCounts>,
    negation: Pair,
    contrast: Pair,
    /// Whether a text has a word that the train split lacks.
    new_words: Pair,
    strengths: Strengths,
    kept: Vec<KeptValues>,
}

/// The texts that have something, and those that do not.
#[derive(Debug, Default)]
struct Pair {
    with: Vec<u32>,
    without: Vec<u32>,
}

impl Pair {
    fn add(&mut self, row: u32, has: bool) {
        if has { self.with.push(row) } else { self.without.push(row) }
    }

    fn slices(self, group: &str, [with, without]: [&str; 2]) -> [Slice; 2] {
        let slice = |name: &str, rows| Slice { group: group.to_owned(), name: name.to_owned(), rows };
        [slice(with, self.with), slice(without, self.without)]
    }
}

impl SliceCollector {
    /// Of a raw file of this metadata; `train_words` are those of the train split's texts.
    pub(crate) fn new(metadata: &RawMetadata, train_words: Option<WordCounts>) -> Self {
        Self {
            train_words,
            negation: Pair::default(),
            contrast: Pair::default(),
            new_words: Pair::default(),
            strengths: Strengths::default(),
            kept: metadata.kept.iter().map(|column| KeptValues::new(column)).collect(),
        }
    }

    /// Adds the text with number `row`, which is one more than that of the last; `raw_label_names` are those of its file.
    pub(crate) fn add(&mut self, row: u32, record: &Record, raw_label_names: &[String]) {
        self.negation.add(row, has_negation(&record.text));
        self.contrast.add(row, has_contrast(&record.text));
        if let Some(train_words) = &self.train_words {
            self.new_words.add(row, train_words.lacks_a_word_of(&record.text));
        }
        self.strengths.add(row, record, raw_label_names);
        for (column, value) in self.kept.iter_mut().zip(&record.kept) {
            column.add(row, value.as_deref());
        }
    }

    /// The slices of all texts, with those by their number of tokens; and what has to be said of columns that give none.
    pub(crate) fn finish(self, n_tokens: &[u32]) -> (Vec<Slice>, Vec<String>) {
        let mut slices = length_slices(n_tokens);
        slices.extend(self.negation.slices("negation", ["with a negation", "without a negation"]));
        slices.extend(self.contrast.slices("contrast", ["with but, although, yet ...", "without a contrast"]));
        slices.extend(self.new_words.slices("new words", ["with words that train lacks", "with words of train alone"]));
        slices.extend(self.strengths.slices());
        let mut said = Vec::new();
        for column in self.kept {
            match column.slices() {
                Ok(of_column) => slices.extend(of_column),
                Err(problem) => said.push(problem),
            }
        }
        slices.retain(|slice| !slice.rows.is_empty());
        // What all texts have in common divides nothing.
        let mut n_of_group: HashMap<String, usize> = HashMap::new();
        slices.iter().for_each(|slice| *n_of_group.entry(slice.group.clone()).or_default() += 1);
        slices.retain(|slice| n_of_group[&slice.group] > 1);
        (slices, said)
    }
}

#[cfg(test)]
mod tests {
    use corpus::task::FINE_GRAINED;

    use super::*;

    fn record(text: &str, label: i32, region: Option<&str>) -> Record {
        Record { label: Some(label), kept: vec![region.map(str::to_owned)], ..Record::sentence(0, text) }
    }

    #[test]
    fn texts_are_sorted_into_slices_and_groups_of_one_are_left_out() {
        let names = FINE_GRAINED.map(str::to_owned);
        let metadata = RawMetadata { kept: vec!["region".to_owned()], ..RawMetadata::default() };
        let mut train = WordCounts::default();
        train.add("it is not good , but fun");
        let mut collector = SliceCollector::new(&metadata, Some(train));
        let texts = [("Not good .", 0, Some("north")), ("Good but dull", 1, None), ("it is fun", 2, Some("north"))];
        for (row, (text, label, region)) in (0..).zip(texts) {
            collector.add(row, &record(text, label, region), &names);
        }
        let (slices, said) = collector.finish(&[5, 5, 5]);
        let found: Vec<(&str, &str, &[u32])> =
            slices.iter().map(|slice| (slice.group.as_str(), slice.name.as_str(), slice.rows.as_slice())).collect();
        let expected: [(&str, &str, &[u32]); 11] = [
            ("negation", "with a negation", &[0]),
            ("negation", "without a negation", &[1, 2]),
            ("contrast", "with but, although, yet ...", &[1]),
            ("contrast", "without a contrast", &[0, 2]),
            ("new words", "with words that train lacks", &[1]),
            ("new words", "with words of train alone", &[0, 2]),
            ("strength of the label", "neutral", &[2]),
            ("strength of the label", "weak", &[1]),
            ("strength of the label", "strong", &[0]),
            ("region", "north", &[0, 2]),
            ("region", "(empty)", &[1]),
        ];
        assert_eq!(found, expected);
        assert_eq!(said, Vec::<String>::new());
    }
}
