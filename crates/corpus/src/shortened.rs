//! Shortened names: many or long names of classes as text that fits on a screen.

/// The number of names that are written out.
const MAX_NAMES: usize = 12;
/// The number of characters of a name.
const MAX_CHARACTERS: usize = 48;

/// Names separated by commas: at most a dozen, then "and 162 more".
///
/// ```
/// assert_eq!(corpus::shortened_list(&["bad", "good"]), "bad, good");
/// let many: Vec<String> = (0..174).map(|n| n.to_string()).collect();
/// assert!(corpus::shortened_list(&many).ends_with("10, 11 and 162 more"));
/// ```
pub fn shortened_list<S: AsRef<str>>(names: &[S]) -> String {
    first_dozen(names.iter().map(|name| shortened_name(name.as_ref())))
}

/// Texts separated by commas as they are, at most a dozen of them.
pub(crate) fn first_dozen(texts: impl ExactSizeIterator<Item = String>) -> String {
    let n = texts.len();
    let text = texts.take(MAX_NAMES).collect::<Vec<_>>().join(", ");
    if n > MAX_NAMES { format!("{text} and {} more", n - MAX_NAMES) } else { text }
}

/// A name of at most 48 characters in one line; what is cut off is an ellipsis.
pub fn shortened_name(name: &str) -> String {
    let characters = name.chars().map(|character| if character.is_control() { ' ' } else { character });
    match name.char_indices().nth(MAX_CHARACTERS) {
        None => characters.collect(),
        Some(_) => characters.take(MAX_CHARACTERS - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dozen_names_are_written_out_and_no_more() {
        let names = |n: usize| (1..=n).map(|n| format!("c{n}")).collect::<Vec<_>>();
        assert_eq!(shortened_list(&names(0)), "");
        assert_eq!(shortened_list(&names(12)), "c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12");
        assert_eq!(shortened_list(&names(13)), "c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12 and 1 more");
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(shortened_name("two\nlines"), "two lines");
        assert_eq!(shortened_name(&"é".repeat(48)), "é".repeat(48));
        assert_eq!(shortened_name(&"é".repeat(49)), format!("{}…", "é".repeat(47)));
    }
}
