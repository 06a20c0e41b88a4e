//! Tiles: the figures that a reader looks at first.

use std::fmt::{self, Display};

use super::escape::Escaped;

/// A figure with its name and what it stands beside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tile {
    /// Such as "accuracy".
    pub name: String,
    /// Such as "88.6 %".
    pub value: String,
    /// Such as "87.0 to 90.0"; may be empty.
    pub interval: String,
    /// Such as "baseline 79.1 %, majority 50.1 %"; may be empty.
    pub note: String,
}

impl Display for Tile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "<div><dt>{}</dt>", Escaped(&self.name))?;
        for (class, text) in [("value", &self.value), ("interval", &self.interval), ("note", &self.note)] {
            if !text.is_empty() {
                write!(out, "<dd class=\"{class}\">{}</dd>", Escaped(text))?;
            }
        }
        out.write_str("</div>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_takes_no_line() {
        let tile = Tile { name: "n".to_owned(), value: "<1".to_owned(), ..Tile::default() };
        assert_eq!(tile.to_string(), "<div><dt>n</dt><dd class=\"value\">&lt;1</dd></div>");
    }
}
