//! Words of a command as a shell takes them, for messages, scripts and pages.

/// The word as it is where a shell gives nothing in it a meaning, else in single quotes.
///
/// ```
/// use stage::shell_quoted;
/// assert_eq!(shell_quoted("data/runs"), "data/runs");
/// assert_eq!(shell_quoted("it's here"), r"'it'\''s here'");
/// ```
pub fn shell_quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "/._-=+:@%".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
