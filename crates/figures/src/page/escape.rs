//! Escaping: text with the characters replaced that HTML gives a meaning, between tags and in quoted attributes.

use std::fmt::{self, Display, Write};

/// Text as HTML. Control characters, which HTML does not allow, become U+FFFD.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '&' => out.write_str("&amp;"),
            '<' => out.write_str("&lt;"),
            '>' => out.write_str("&gt;"),
            '"' => out.write_str("&quot;"),
            '\'' => out.write_str("&#39;"),
            '\n' | '\t' => out.write_char(character),
            '\u{fffe}' | '\u{ffff}' => out.write_char('\u{fffd}'),
            _ if character.is_control() => out.write_char('\u{fffd}'),
            _ => out.write_char(character),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(
            Escaped("<a b='c' d=\"e\">&\r\u{7f}\n").to_string(),
            "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;��\n"
        );
    }
}
