//! Words as scikit-learn's vectorizers see them: runs of two or more word characters (`(?u)\b\w\w+\b`), lowercase.

/// Calls `each` with every word of a text, in order.
pub(crate) fn words(text: &str, each: impl FnMut(&str)) {
    let lower = text.to_lowercase();
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    lower.split(|letter| !is_word(letter)).filter(|word| word.chars().nth(1).is_some()).for_each(each);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_scikit_learn() {
        let of = |text| {
            let mut found = Vec::new();
            words(text, |word| found.push(word.to_owned()));
            found
        };
        assert_eq!(of("It's a Good, good_film: 10/10 É té!"), ["it", "good", "good_film", "10", "10", "té"]);
        assert_eq!(of("a b c"), [""; 0]);
    }
}
