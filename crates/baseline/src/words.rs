//! Words as scikit-learn's vectorizers see them: runs of two or more word characters (`(?u)\b\w\w+\b`), lowercase.

/// Which runs of words are features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NGrams {
    /// Words alone: scikit-learn's default.
    Words,
    /// Words and pairs of neighbors: `ngram_range=(1, 2)`.
    WordsAndPairs,
}

/// Calls `each` with every feature of a text, in order; pairs have a space between.
pub(crate) fn features(text: &str, n_grams: NGrams, mut each: impl FnMut(&str)) {
    let lower = text.to_lowercase();
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let words = || lower.split(|letter| !is_word(letter)).filter(|word| word.chars().nth(1).is_some());
    words().for_each(&mut each);
    if n_grams == NGrams::WordsAndPairs {
        let mut pair = String::new();
        for (left, right) in words().zip(words().skip(1)) {
            pair.clear();
            pair.push_str(left);
            pair.push(' ');
            pair.push_str(right);
            each(&pair);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_scikit_learn() {
        let of = |text, n_grams| {
            let mut found = Vec::new();
            features(text, n_grams, |feature| found.push(feature.to_owned()));
            found
        };
        assert_eq!(
            of("It's a Good, good_film: 10/10 É té!", NGrams::Words),
            ["it", "good", "good_film", "10", "10", "té"]
        );
        assert_eq!(of("not so bad", NGrams::WordsAndPairs), ["not", "so", "bad", "not so", "so bad"]);
        assert_eq!(of("a b c", NGrams::WordsAndPairs), [""; 0]);
    }
}
