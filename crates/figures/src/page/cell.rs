//! Cells of a table: text, numbers, word pieces colored by their attribution, and badges.

use std::fmt::{self, Display};

use super::escape::Escaped;
use crate::drawing::ticks::group_thousands;

/// Beyond this many characters the rest of a text opens by a click.
const MAX_CHARACTERS: usize = 300;
/// Beyond this many word pieces the rest opens by a click.
const MAX_TOKENS: usize = 80;
/// A word of more characters is broken, so that its column does not become wide.
const MAX_WORD: usize = 24;
/// Steps of the color of an attribution, each a class of the style sheet.
const N_LEVELS: f64 = 5.0;

/// A cell of a [`DataTable`](super::DataTable).
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing; sorted to the end.
    Empty,
    /// Text; of a long one the beginning, and the rest by a click.
    Text(String),
    /// A number, aligned to the right.
    Number {
        /// What it is sorted by; one that is not finite is sorted to the end.
        value: f64,
        /// What is shown.
        text: String,
    },
    /// A text as word pieces, colored by their attributions.
    Tokens(Vec<Token>),
    /// A short text that is set off.
    Badge {
        /// How it is set off.
        emphasis: Emphasis,
        /// What it says.
        text: String,
    },
}

/// A word piece.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// As it is shown, without the marks of the vocabulary.
    pub text: String,
    /// Whether a space stands before it.
    pub spaced: bool,
    /// What it adds to the logit of the predicted class; below zero it speaks against it. One that is not finite has no color.
    pub attribution: f64,
}

/// How something is set off, by color and by a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Emphasis {
    /// A remark.
    #[default]
    Note,
    /// As it should be.
    Good,
    /// To be looked at.
    Warning,
    /// Wrong.
    Bad,
}

impl Emphasis {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Note => "Note:",
            Self::Good => "Good:",
            Self::Warning => "Warning:",
            Self::Bad => "Error:",
        }
    }
}

impl Cell {
    /// A number with this many digits after the point, and commas between thousands; empty if it is not finite.
    #[must_use]
    pub fn number(value: f64, decimals: usize) -> Self {
        Self::formatted(value, grouped(value, decimals))
    }

    /// A fraction as a percentage with this many digits after the point; empty if it is not finite.
    #[must_use]
    pub fn percent(fraction: f64, decimals: usize) -> Self {
        Self::formatted(fraction, format!("{} %", grouped(100.0 * fraction, decimals)))
    }

    /// A whole number with commas between thousands.
    #[must_use]
    pub fn count(n: u64) -> Self {
        Self::Number { value: n as f64, text: group_thousands(&n.to_string()) }
    }

    /// A short text that is set off.
    #[must_use]
    pub fn badge(emphasis: Emphasis, text: impl Into<String>) -> Self {
        Self::Badge { emphasis, text: text.into() }
    }

    fn formatted(value: f64, text: String) -> Self {
        if value.is_finite() { Self::Number { value, text } } else { Self::Empty }
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Number { .. })
    }
}

/// Rounded to the decimals, without the sign of a negative zero.
fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) =
        text.split_once('.').map_or((text.as_str(), String::new()), |(whole, rest)| (whole, format!(".{rest}")));
    let sign = if value < 0.0 && text.contains(|digit| ('1'..='9').contains(&digit)) { "−" } else { "" };
    format!("{sign}{}{rest}", group_thousands(whole))
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// The cell as a `td`.
impl Display for Cell {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => out.write_str("<td></td>"),
            Self::Text(text) => {
                begin(text.split_whitespace(), out)?;
                let end = text.char_indices().nth(MAX_CHARACTERS).map(|(end, _)| end);
                let (head, rest) = end.map_or((text.as_str(), None), |end| (&text[..end], Some(&text[end..])));
                let rest = rest.map(|rest| format!("<bdi>{}</bdi>", Escaped(rest)));
                write!(
                    out,
                    "{}</td>",
                    Opening { head: &format!("<bdi>{}</bdi>", Escaped(head)), rest: rest.as_deref() }
                )
            }
            Self::Number { value, text } if value.is_finite() => {
                write!(out, "<td class=\"n\" data-v=\"{value}\">{}</td>", Escaped(text))
            }
            Self::Number { text, .. } => write!(out, "<td class=\"n\">{}</td>", Escaped(text)),
            Self::Tokens(tokens) => {
                let (head, rest) = tokens.split_at(tokens.len().min(MAX_TOKENS));
                let scale = Scale::of(tokens);
                let rest = (!rest.is_empty()).then(|| scale.pieces(rest));
                begin(tokens.iter().map(|token| token.text.as_str()), out)?;
                write!(out, "{}</td>", Opening { head: &scale.pieces(head), rest: rest.as_deref() })
            }
            Self::Badge { emphasis, text } => {
                begin(text.split_whitespace(), out)?;
                write!(out, "<span class=\"badge {}\"><bdi>{}</bdi></span></td>", emphasis.class(), Escaped(text))
            }
        }
    }
}

/// Begins a cell; only one with a word that is wider than a column may break its words.
fn begin<'a>(mut words: impl Iterator<Item = &'a str>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    out.write_str(if words.any(is_long) { "<td class=\"long\">" } else { "<td>" })
}

pub(super) fn is_long(word: &str) -> bool {
    word.chars().nth(MAX_WORD).is_some()
}

/// HTML of which the rest, if there is one, opens by a click on the beginning.
struct Opening<'a> {
    head: &'a str,
    rest: Option<&'a str>,
}

impl Display for Opening<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rest {
            None => out.write_str(self.head),
            Some(rest) => write!(out, "<details class=\"text\"><summary>{}</summary>{rest}</details>", self.head),
        }
    }
}

/// What the attributions of a text are measured by.
struct Scale {
    largest: f64,
    sum: f64,
}

impl Scale {
    fn of(tokens: &[Token]) -> Self {
        let sizes = || tokens.iter().map(|token| token.attribution.abs()).filter(|size| size.is_finite());
        Self { largest: sizes().fold(0.0, f64::max), sum: sizes().sum() }
    }

    fn pieces(&self, tokens: &[Token]) -> String {
        let pieces: String = tokens.iter().map(|token| self.piece(token)).collect();
        format!("<bdi class=\"tokens\">{pieces}</bdi>")
    }

    /// The piece with its sign and its strength as a class, and its value and its share of all as a tooltip.
    fn piece(&self, token: &Token) -> String {
        let Token { text, spaced, attribution } = token;
        let (space, text) = (if *spaced { " " } else { "" }, Escaped(text));
        let strength = attribution.abs() / self.largest;
        if !strength.is_finite() || strength == 0.0 {
            return format!("{space}{text}");
        }
        let sign = if *attribution > 0.0 { ('p', '+') } else { ('n', '−') };
        let level = (N_LEVELS * strength).round();
        let share = 100.0 * attribution.abs() / self.sum;
        format!(
            "{space}<span class=\"{}{level}\" title=\"{}{:.3} ({share:.0} % of all)\">{text}</span>",
            sign.0,
            sign.1,
            attribution.abs()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str, spaced: bool, attribution: f64) -> Token {
        Token { text: text.to_owned(), spaced, attribution }
    }

    #[test]
    fn numbers_are_rounded_and_keep_their_value() {
        let text = |cell: Cell| if let Cell::Number { text, .. } = cell { text } else { String::new() };
        assert_eq!(text(Cell::number(-12_345.678, 1)), "−12,345.7");
        assert_eq!(text(Cell::number(-0.000_1, 2)), "0.00");
        assert_eq!(text(Cell::percent(0.8857, 1)), "88.6 %");
        assert_eq!(text(Cell::count(67_349)), "67,349");
        assert_eq!(Cell::number(f64::NAN, 1), Cell::Empty);
        assert_eq!(Cell::percent(0.8857, 1).to_string(), "<td class=\"n\" data-v=\"0.8857\">88.6 %</td>");
    }

    #[test]
    fn a_word_piece_shows_sign_strength_value_and_share() {
        let tokens = vec![
            token("not", false, -0.3),
            token("a", true, f64::NAN),
            token("<fun>", true, 0.6),
            token("ny", false, 0.1),
        ];
        let expected = "<td><bdi class=\"tokens\"><span class=\"n3\" title=\"−0.300 (30 % of all)\">not</span> a \
            <span class=\"p5\" title=\"+0.600 (60 % of all)\">&lt;fun&gt;</span>\
            <span class=\"p1\" title=\"+0.100 (10 % of all)\">ny</span></bdi></td>";
        assert_eq!(Cell::Tokens(tokens).to_string(), expected);
        assert_eq!(Cell::Tokens(vec![token("a", false, 0.0)]).to_string(), "<td><bdi class=\"tokens\">a</bdi></td>");
    }

    #[test]
    fn the_rest_of_what_is_long_opens_by_a_click() {
        let text = Cell::Text("é".repeat(MAX_CHARACTERS + 1)).to_string();
        assert!(text.ends_with("</summary><bdi>é</bdi></details></td>"), "{text}");
        let tokens = Cell::Tokens(vec![token("x", true, 1.0); MAX_TOKENS + 1]).to_string();
        assert_eq!(tokens.split_once("</summary>").unwrap().1.matches("<span").count(), 1);
        assert_eq!(Cell::Text(String::new()).to_string(), "<td><bdi></bdi></td>");
    }
}
