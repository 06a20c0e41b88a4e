//! Words that differ in a number alone: `LABEL_10`, `10 %`, `class 3`.

use super::value::Number;

/// The number in each word, where there is something around it, the same in all of them.
pub(super) fn numbers_in(words: &[&str]) -> Option<Vec<Number>> {
    let parts: Vec<(&str, Number, &str)> = words.iter().map(|word| framed(word)).collect::<Option<_>>()?;
    let (before, _, after) = *parts.first()?;
    let is_same =
        !(before.is_empty() && after.is_empty()) && parts.iter().all(|part| (part.0, part.2) == (before, after));
    is_same.then(|| parts.into_iter().map(|(_, number, _)| number).collect())
}

/// What stands before the first number in a word, the number, and what stands behind it.
fn framed(word: &str) -> Option<(&str, Number, &str)> {
    let begin = word.find(|c: char| c.is_ascii_digit())?;
    let rest = &word[begin..];
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let digits = rest[..end].trim_start_matches('0');
    let number = Number::parse(if digits.is_empty() { "0" } else { digits })?;
    Some((&word[..begin], number, &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_differ_in_a_number_alone_have_one() {
        let numbers =
            |words: &[&str]| numbers_in(words).map(|numbers| numbers.iter().map(Number::to_string).collect::<Vec<_>>());
        let expected = |numbers: &[&str]| Some(numbers.iter().map(|&number| number.to_owned()).collect::<Vec<_>>());
        assert_eq!(numbers(&["LABEL_0", "LABEL_10", "LABEL_2"]), expected(&["0", "10", "2"]));
        assert_eq!(numbers(&["10%", "100%", "05%"]), expected(&["10", "100", "5"]));
        assert_eq!(numbers(&["a1", "b2"]), None);
        assert_eq!(numbers(&["a1", "a2x"]), None);
        assert_eq!(numbers(&["a", "b"]), None);
        assert_eq!(numbers(&["007", "7"]), None, "whose zeros mean something");
    }
}
