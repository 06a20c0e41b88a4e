//! Words of a text: negations, contrasts, and words that the train split lacks. English; other languages have the last alone.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

const NEGATIONS: [&str; 15] = [
    "no", "not", "n't", "never", "none", "nothing", "nobody", "nowhere", "neither", "nor", "without", "cannot", "cant",
    "dont", "hardly",
];
const CONTRASTS: [&str; 9] =
    ["but", "although", "though", "however", "yet", "despite", "except", "nevertheless", "nonetheless"];

/// Whether a text has an English negation.
pub(super) fn has_negation(text: &str) -> bool {
    words(text).any(|word| NEGATIONS.contains(&word.as_str()) || word.ends_with("n't") || word.ends_with("n’t"))
}

/// Whether a text has an English conjunction or preposition of contrast.
pub(super) fn has_contrast(text: &str) -> bool {
    words(text).any(|word| CONTRASTS.contains(&word.as_str()))
}

/// The words of some texts, as hashes: 8 bytes for each distinct one.
#[derive(Debug, Default)]
pub(crate) struct WordCounts {
    hashes: HashSet<u64>,
}

impl WordCounts {
    /// Adds the words of a text.
    pub(crate) fn add(&mut self, text: &str) {
        self.hashes.extend(words(text).map(|word| hash(&word)));
    }

    /// Whether one of the words of a text is not among these.
    pub(super) fn lacks_a_word_of(&self, text: &str) -> bool {
        words(text).any(|word| !self.hashes.contains(&hash(&word)))
    }
}

/// Lower-case words: what stands between white space, without punctuation around it, if anything is left.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let trimmed = |word: &str| {
        // "n't" of the treebank keeps its apostrophe.
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.to_lowercase()
    };
    text.split_whitespace().map(trimmed).filter(|word| !word.is_empty())
}

fn hash(word: &str) -> u64 {
    let mut hasher = DefaultHasher::new(); // with constant keys
    word.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negations_are_found_however_they_are_written() {
        for text in ["It is NOT good .", "did n't work", "Don't go", "It wasn’t bad", "\"never\"", "Cannot say"] {
            assert!(has_negation(text), "{text}");
        }
        for text in ["A notable film", "nothing's", "knot", ""] {
            assert!(!has_negation(text), "{text}");
        }
    }

    #[test]
    fn contrasts_are_whole_words() {
        assert!(has_contrast("Slow , but fine"));
        assert!(has_contrast("However, it works"));
        assert!(!has_contrast("butter and yeti"));
    }

    #[test]
    fn words_are_compared_without_case_and_punctuation() {
        let mut train = WordCounts::default();
        train.add("A fine , fine film .");
        assert!(!train.lacks_a_word_of("FINE film!"));
        assert!(train.lacks_a_word_of("a finer film"));
        assert!(!train.lacks_a_word_of(" ... "));
    }
}
