//! What a user says about a file that its name and content do not say, or say wrongly.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, GBK, ISO_8859_15, MACINTOSH, REPLACEMENT, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_874,
    WINDOWS_1252,
};

/// How files are read; by default everything is told from the file itself.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// What separates the fields of CSV and TSV.
    pub delimiter: Option<Delimiter>,
    /// What quotes mean in CSV and TSV.
    pub quotes: Option<Quotes>,
    /// Whether the first line of CSV and TSV is a row; columns are then numbered from 1.
    pub no_header: bool,
    /// Whether the lines of files of plain text begin with a label, as those of another split do.
    pub label_first: bool,
    /// How the bytes of a text file are characters.
    pub encoding: Option<Encoding>,
    /// Whether a row without a text is an error, instead of left out and counted.
    pub strict: bool,
    /// Whether a row that cannot be read is given as a broken one, instead of as an error that ends the reading. Then a row
    /// without a text is one, too, and so is one with bytes that are not in the file's encoding.
    pub passes_broken: bool,
}

/// What separates fields: an ASCII character that is no letter, digit, blank, quote or backslash, or a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiter(u8);

/// What quotes mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quotes {
    /// They are text.
    Literal,
    /// They enclose fields; one inside is doubled.
    Doubled,
    /// They enclose fields; one inside has a backslash before it.
    Escaped,
}

/// A character encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(pub(super) &'static encoding_rs::Encoding);

impl Delimiter {
    /// `,`
    pub const COMMA: Self = Self(b',');
    /// `;`
    pub const SEMICOLON: Self = Self(b';');
    /// A tab.
    pub const TAB: Self = Self(b'\t');
    /// `|`
    pub const PIPE: Self = Self(b'|');
    /// Those that are told from a file; any other has to be given.
    pub(super) const USUAL: [Self; 4] = [Self::COMMA, Self::SEMICOLON, Self::TAB, Self::PIPE];

    pub(super) fn of(character: char) -> Option<Self> {
        let byte = u8::try_from(character).ok()?;
        let separates = byte == b'\t' || (byte.is_ascii_punctuation() && !matches!(byte, b'"' | b'\'' | b'\\'));
        separates.then_some(Self(byte))
    }

    pub(super) const fn byte(self) -> u8 {
        self.0
    }

    /// As it is typed and shown: `;` or `tab`.
    pub fn name(self) -> String {
        if self == Self::TAB { "tab".to_owned() } else { char::from(self.0).to_string() }
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        if *self == Self::TAB { write!(formatter, "tabs") } else { write!(formatter, "`{}`", char::from(self.0)) }
    }
}

impl FromStr for Delimiter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut characters = text.chars();
        let found = match text {
            "comma" => Some(Self::COMMA),
            "semicolon" => Some(Self::SEMICOLON),
            "\\t" | "tab" => Some(Self::TAB),
            "pipe" => Some(Self::PIPE),
            _ => characters.next().filter(|_| characters.next().is_none()).and_then(Self::of),
        };
        found.ok_or_else(|| "expected one mark, such as `,` `;` `|` `@`, or tab".to_owned())
    }
}

impl Quotes {
    /// As it is typed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Literal => "literal",
            Self::Doubled => "doubled",
            Self::Escaped => "escaped",
        }
    }
}

impl FromStr for Quotes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::Literal, Self::Doubled, Self::Escaped].into_iter().find(|quotes| quotes.name() == text);
        known.ok_or_else(|| "expected literal, doubled or escaped".to_owned())
    }
}

impl Encoding {
    /// The name in the Encoding Standard: `windows-1252`.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The text of bytes that hold whole characters; `None` where they are no text in this encoding. A mark at their beginning is
    /// part of the text.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        self.0.decode_without_bom_handling_and_without_replacement(bytes).map(Cow::into_owned)
    }

    pub(super) fn is_unicode(self) -> bool {
        self.0 == UTF_8 || self.is_utf16()
    }

    /// Whether a line break has two bytes.
    pub fn is_utf16(self) -> bool {
        [UTF_16LE, UTF_16BE].contains(&self.0)
    }
}

impl FromStr for Encoding {
    type Err = String;

    /// Takes any label of the Encoding Standard, and Python's spelling of them: `cp1252`, `latin1`, `utf_16_le`.
    fn from_str(text: &str) -> Result<Self, String> {
        let spellings = [text.to_owned(), text.replace('_', "-"), text.replace('_', "-").replacen("cp", "windows-", 1)];
        let spelled = match text.to_ascii_lowercase().replace('_', "-").as_str() {
            "latin-1" => Some(WINDOWS_1252),
            "utf-16-le" => Some(UTF_16LE),
            "utf-16-be" => Some(UTF_16BE),
            "utf-8-sig" => Some(UTF_8),
            "mac-roman" | "macroman" => Some(MACINTOSH),
            "cp932" | "ms932" | "shiftjis" | "sjis" => Some(SHIFT_JIS),
            "cp936" | "ms936" => Some(GBK),
            "cp949" | "ms949" | "euckr" => Some(EUC_KR),
            "cp950" | "ms950" | "big5hkscs" => Some(BIG5),
            "eucjp" => Some(EUC_JP),
            "cp65001" => Some(UTF_8),
            "utf16" => Some(UTF_16LE),
            "tis620" => Some(WINDOWS_874),
            "latin9" => Some(ISO_8859_15),
            _ => spellings.iter().find_map(|label| encoding_rs::Encoding::for_label(label.as_bytes())),
        };
        spelled
            .filter(|&encoding| encoding != REPLACEMENT)
            .map(Self)
            .ok_or_else(|| "expected the name of an encoding, such as windows-1252, utf-16le, shift_jis".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_people_type() {
        let encoding = |text: &str| text.parse::<Encoding>().map(Encoding::name);
        for name in ["windows-1252", "cp1252", "CP1252", "latin1", "iso-8859-1", "Latin-1", "ascii"] {
            assert_eq!(encoding(name), Ok("windows-1252"), "{name}");
        }
        assert_eq!(encoding("utf_16_le"), Ok("UTF-16LE"));
        assert_eq!(encoding("utf8"), Ok("UTF-8"));
        assert_eq!(encoding("cp1251"), Ok("windows-1251"));
        assert_eq!(encoding("shift_jis"), Ok("Shift_JIS"));
        assert_eq!(encoding("utf_8"), Ok("UTF-8"));
        let of_python =
            ["cp932", "cp936", "cp949", "cp950", "euc_jp", "eucjp", "utf16", "macroman", "tis620", "latin9", "koi8_r"];
        assert!(of_python.map(encoding).iter().all(Result::is_ok), "{:?}", of_python.map(encoding));
        for wrong in ["", "utf-7", "iso-2022-kr", "klingon"] {
            assert!(encoding(wrong).is_err(), "{wrong}");
        }
        assert_eq!(["tab", "\\t", "\t"].map(str::parse), [Ok(Delimiter::TAB), Ok(Delimiter::TAB), Ok(Delimiter::TAB)]);
        assert_eq!("@".parse().map(Delimiter::name), Ok("@".to_owned()));
        for wrong in ["", "a", "1", " ", "\"", "'", "\\", "::", "é", "\n"] {
            assert!(wrong.parse::<Delimiter>().is_err(), "{wrong:?}");
        }
        assert_eq!("escaped".parse(), Ok(Quotes::Escaped));
    }
}
