//! Numbers that are not finite, as Python writes them into JSON, which has none: `NaN`, `Infinity`, `-Infinity`. They are read as
//! null, as pandas reads them.

use serde::de::DeserializeOwned;

const NAMES: [&str; 3] = ["NaN", "Infinity", "-Infinity"];
/// What a text holds if it has such a number, or something that is spelled so.
pub(super) const MARKS: [&str; 2] = ["NaN", "Infinity"];

/// Whether a text has one of [`MARKS`].
pub(super) fn are_in(text: &str) -> bool {
    MARKS.iter().any(|mark| text.contains(mark))
}

/// Parses a text in which such numbers may be.
///
/// # Errors
/// Fails on what is no JSON without them, either.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_str(text)
        .or_else(|error| if are_in(text) { serde_json::from_str(&without(text)) } else { Err(error) })
}

/// The text with null in their place.
pub(super) fn without(text: &str) -> String {
    let (mut replacing, mut replaced) = (NotFinite::default(), String::with_capacity(text.len()));
    replacing.add(text, &mut replaced);
    replacing.finish(&mut replaced);
    replaced
}

/// Puts null in their place outside of strings, in a text that comes piece by piece.
#[derive(Debug, Default)]
pub(super) struct NotFinite {
    in_string: bool,
    is_escaped: bool,
    /// What may be the beginning of one.
    begun: String,
}

impl NotFinite {
    /// Adds the next piece to `replaced`, but for what may go on in the one after it.
    pub(super) fn add(&mut self, piece: &str, replaced: &mut String) {
        for c in piece.chars() {
            if self.in_string {
                self.in_string = self.is_escaped || c != '"';
                self.is_escaped = !self.is_escaped && c == '\\';
                replaced.push(c);
                continue;
            }
            self.begun.push(c);
            if NAMES.contains(&self.begun.as_str()) {
                self.begun.clear();
                replaced.push_str("null");
            } else if !NAMES.iter().any(|name| name.starts_with(&self.begun)) {
                self.begun.pop();
                self.finish(replaced);
                self.in_string = c == '"';
                let begins_one = NAMES.iter().any(|name| name.starts_with(c));
                if begins_one { self.begun.push(c) } else { replaced.push(c) }
            }
        }
    }

    /// Adds what was begun and does not go on.
    pub(super) fn finish(&mut self, replaced: &mut String) {
        replaced.push_str(&self.begun);
        self.begun.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_null_outside_of_strings_wherever_a_piece_ends() {
        let text = r#"{"NaN": NaN, "a\"NaN": [-Infinity,Infinity, -1, NaN], "b\\": -NaN, "c": "Infinity"}Na"#;
        let expected = r#"{"NaN": null, "a\"NaN": [null,null, -1, null], "b\\": -null, "c": "Infinity"}Na"#;
        for at in 0..=text.len() {
            let (mut replacing, mut replaced) = (NotFinite::default(), String::new());
            [&text[..at], &text[at..]].iter().for_each(|piece| replacing.add(piece, &mut replaced));
            replacing.finish(&mut replaced);
            assert_eq!(replaced, expected, "{at}");
        }
        assert_eq!(parse::<Vec<Option<f64>>>("[1, NaN]").unwrap(), [Some(1.0), None]);
        assert!(parse::<Vec<Option<f64>>>("[1, Nan]").is_err());
    }
}
