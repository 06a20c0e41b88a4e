//! Glyphs: which characters the embedded fonts can draw, and how wide the others are elsewhere.

use std::sync::LazyLock;

use skrifa::charmap::Charmap;
use skrifa::{FontRef, MetadataProvider};
use unicode_width::UnicodeWidthChar;

static CHARMAP: LazyLock<Option<Charmap<'static>>> =
    LazyLock::new(|| Some(FontRef::new(dejavu::sans::regular()).ok()?.charmap()));

/// The characters of a text that the embedded fonts lack, each once. In a PNG they are boxes; an SVG is drawn with the fonts
/// of the machine.
#[must_use]
pub fn missing_glyphs(text: &str) -> Vec<char> {
    let mut missing: Vec<char> = text.chars().filter(|&character| is_missing(character)).collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

/// The text with characters of the embedded fonts instead of those that they lack: as wide as such characters are in the fonts
/// that have them, a whole size where terminals give them two columns.
pub(crate) fn with_stand_ins(text: &str) -> String {
    let stand_in = |character: char| match character.width() {
        _ if !is_missing(character) => character,
        Some(2) => '—',
        _ => '0',
    };
    text.chars().map(stand_in).collect()
}

/// What has no width, such as joiners, is no glyph of its own; nearly all of a picture is ASCII, which the fonts have.
fn is_missing(character: char) -> bool {
    let has_width = || character.width().is_some_and(|width| width > 0);
    !character.is_ascii() && has_width() && CHARMAP.as_ref().is_some_and(|charmap| charmap.map(character).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_that_the_fonts_lack_are_told() {
        assert_eq!(missing_glyphs("sehr gut, отлично, حسن, →, −"), []);
        assert_eq!(missing_glyphs("肯定的 肯定 👍\u{200d}"), ['定', '的', '肯', '👍']);
    }

    #[test]
    fn what_is_missing_is_as_wide_as_elsewhere() {
        assert_eq!(with_stand_ins("a 肯定 ok"), "a —— ok");
        assert_eq!(with_stand_ins("नया").chars().count(), 3);
    }
}
