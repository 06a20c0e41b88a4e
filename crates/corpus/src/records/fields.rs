//! Records of separated fields, after RFC 4180 as it is written in practice.
//!
//! A field that begins with a quote ends at the next one that is not doubled (or, if quotes are escaped, has no backslash
//! before it), and may hold separators and line breaks; behind it come blanks at most. Elsewhere a quote is text. Lines end in LF,
//! CRLF or CR; empty ones are passed over. This is what the crate `csv` reads, and a test holds it to that; but it takes text
//! behind a closing quote, by which one that was meant as text joins rows, and does not tell where a quote was opened, which
//! fields are quoted, or the lines of a file that has CR alone. A byte order mark at the beginning of a record is none of it.

use std::borrow::Cow;

use super::options::{Delimiter, Quotes};
use super::text_file::MARK;

const QUOTE: u8 = b'"';

/// How fields are separated and quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grammar {
    pub(super) delimiter: Delimiter,
    pub(super) quotes: Quotes,
}

/// A record, and the lines that it takes, counted from 1.
#[derive(Debug)]
pub(super) struct FieldRecord<'a> {
    pub(super) line: u64,
    pub(super) last_line: u64,
    pub(super) fields: Vec<Field<'a>>,
}

#[derive(Debug)]
pub(super) struct Field<'a> {
    pub(super) text: Cow<'a, str>,
    /// Whether it begins with a quote that is none of the text.
    pub(super) quoted: bool,
}

/// Why the fields of a record cannot be told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum QuoteError {
    /// A quote that was opened in this line is not closed before the end of the file.
    Open { line: u64 },
    /// Behind the quote that closes a field in this line there is more text.
    TextBehind { line: u64 },
}

/// Iterates over the records of a text.
pub(super) struct FieldRecords<'a> {
    text: &'a str,
    grammar: Grammar,
    pub(super) at: usize,
    pub(super) line: u64,
}

impl<'a> FieldRecords<'a> {
    /// The records of `text`, whose first line has the number `first_line` in its file.
    pub(super) fn new(text: &'a str, grammar: Grammar, first_line: u64) -> Self {
        Self { text, grammar, at: 0, line: first_line }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes over one line break, of two bytes or of one.
    fn skip_line_break(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += if rest.starts_with(b"\r\n") { 2 } else { 1 };
        self.line += 1;
    }

    /// The field that begins here, up to its separator, line break or the end of the text.
    fn field(&mut self) -> Result<Field<'a>, QuoteError> {
        if self.grammar.quotes == Quotes::Literal || self.byte() != Some(QUOTE) {
            return Ok(Field { text: Cow::Borrowed(self.plain()), quoted: false });
        }
        let mut text = self.enclosed()?;
        let rest = self.plain();
        if !rest.trim_matches([' ', '\t']).is_empty() {
            return Err(QuoteError::TextBehind { line: self.line });
        }
        if !rest.is_empty() {
            text.to_mut().push_str(rest);
        }
        Ok(Field { text, quoted: true })
    }

    /// What comes before the next separator or line break.
    fn plain(&mut self) -> &'a str {
        let delimiter = self.grammar.delimiter.byte();
        let rest = &self.text[self.at..];
        let ends = |&byte: &u8| byte == delimiter || byte == b'\n' || byte == b'\r';
        let length = rest.as_bytes().iter().position(ends).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// What the quote here and its partner enclose.
    fn enclosed(&mut self) -> Result<Cow<'a, str>, QuoteError> {
        let opened = QuoteError::Open { line: self.line };
        self.at += 1;
        let mut text = Cow::Borrowed("");
        loop {
            let rest = &self.text[self.at..];
            let Some(length) = rest.as_bytes().iter().position(|&byte| byte == QUOTE) else { return Err(opened) };
            let (before, after) = (&rest[..length], &rest[length + 1..]);
            self.line += line_breaks(before);
            self.at += length + 1;
            let n_backslashes = before.len() - before.trim_end_matches('\\').len();
            let is_text = match self.grammar.quotes {
                Quotes::Escaped => n_backslashes % 2 == 1,
                Quotes::Literal | Quotes::Doubled => after.starts_with('"'),
            };
            let before = match self.grammar.quotes {
                Quotes::Escaped => &before[..before.len() - n_backslashes.div_ceil(2)],
                Quotes::Literal | Quotes::Doubled => before,
            };
            match &mut text {
                Cow::Borrowed("") => text = Cow::Borrowed(before),
                text => text.to_mut().push_str(before),
            }
            if !is_text {
                return Ok(text);
            }
            text.to_mut().push('"');
            self.at += usize::from(self.grammar.quotes != Quotes::Escaped);
        }
    }
}

impl<'a> Iterator for FieldRecords<'a> {
    type Item = Result<FieldRecord<'a>, QuoteError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.byte() {
                Some(b'\n' | b'\r') => self.skip_line_break(),
                // Where files were put one behind the other, a mark is at the beginning of each.
                Some(_) if self.text[self.at..].starts_with(MARK) => self.at += MARK.len_utf8(),
                _ => break,
            }
        }
        self.byte()?;
        let line = self.line;
        let mut fields = Vec::new();
        loop {
            match self.field() {
                Ok(field) => fields.push(field),
                Err(error) => {
                    self.at = self.text.len();
                    return Some(Err(error));
                }
            }
            if self.byte() != Some(self.grammar.delimiter.byte()) {
                return Some(Ok(FieldRecord { line, last_line: self.line, fields }));
            }
            self.at += 1;
        }
    }
}

/// The line breaks in a text, CRLF counted once.
fn line_breaks(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let breaks =
        |(index, &byte): (usize, &u8)| byte == b'\n' || (byte == b'\r' && bytes.get(index + 1) != Some(&b'\n'));
    bytes.iter().enumerate().filter(|&pair| breaks(pair)).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, delimiter: Delimiter, quotes: Quotes) -> Result<Vec<Vec<String>>, QuoteError> {
        let records = FieldRecords::new(text, Grammar { delimiter, quotes }, 1);
        records.map(|record| Ok(record?.fields.into_iter().map(|field| field.text.into_owned()).collect())).collect()
    }

    #[test]
    fn quotes_enclose_or_are_text() {
        let doubled = |text| read(text, Delimiter::COMMA, Quotes::Doubled).unwrap().concat();
        assert_eq!(doubled("\"a \"\"b\"\", c \",d"), ["a \"b\", c ", "d"]);
        assert_eq!(doubled("5\" tall,\"\",\"\"\"\""), ["5\" tall", "", "\""]);
        let escaped = |text| read(text, Delimiter::COMMA, Quotes::Escaped).unwrap().concat();
        assert_eq!(escaped(r#""say \"hi\", ok",b"#), ["say \"hi\", ok", "b"]);
        assert_eq!(escaped(r#""C:\dir\\","\\\"","#), [r"C:\dir\", "\\\"", ""]);
        assert_eq!(read("\"a\t\"b", Delimiter::TAB, Quotes::Literal).unwrap().concat(), ["\"a", "\"b"]);
    }

    #[test]
    fn lines_are_counted_whatever_ends_them() {
        let lines = |text: &str| {
            let grammar = Grammar { delimiter: Delimiter::COMMA, quotes: Quotes::Doubled };
            let records = FieldRecords::new(text, grammar, 1).map(|record| record.unwrap());
            records.map(|record| (record.line, record.last_line)).collect::<Vec<_>>()
        };
        for end in ["\n", "\r\n", "\r"] {
            assert_eq!(lines(&format!("a{end}{end}\"b{end}c\",d{end}e")), [(1, 1), (3, 4), (5, 5)], "{end:?}");
        }
        let open = |text| read(text, Delimiter::COMMA, Quotes::Doubled);
        assert_eq!(open("a,b\nc,\"d\ne,f\n"), Err(QuoteError::Open { line: 2 }));
        assert_eq!(open("a\n\"b\"\"\n"), Err(QuoteError::Open { line: 2 }));
    }

    #[test]
    fn behind_a_closing_quote_comes_no_text() {
        let doubled = |text| read(text, Delimiter::COMMA, Quotes::Doubled);
        assert_eq!(doubled("a,b\n\"c\nd\" e,f\n"), Err(QuoteError::TextBehind { line: 3 }));
        // The second of two quotes that were text would close the first, and the rows between be lost.
        assert_eq!(doubled("\"great he said,1\nfine,0\n\"bad he said,0\n"), Err(QuoteError::TextBehind { line: 3 }));
        assert_eq!(doubled("\"I said \"hello\"\",1\n"), Err(QuoteError::TextBehind { line: 1 }));
        assert_eq!(doubled("\"c\"  ,\"d\"\t\n").unwrap().concat(), ["c  ", "d\t"]);
        let escaped = read("\"a \\\" b\" c,1\n", Delimiter::COMMA, Quotes::Escaped);
        assert_eq!(escaped, Err(QuoteError::TextBehind { line: 1 }));
    }

    /// Every text of up to seven characters of those that mean something.
    #[test]
    fn the_records_are_those_of_the_crate_csv() {
        const LETTERS: [char; 5] = ['a', ',', '"', '\n', '\r'];
        for length in 0..=7 {
            for number in 0..LETTERS.len().pow(length) {
                let letter = |digit: u32| LETTERS[number / LETTERS.len().pow(digit) % LETTERS.len()];
                let text: String = (0..length).map(letter).collect();
                let Ok(ours) = read(&text, Delimiter::COMMA, Quotes::Doubled) else { continue };
                let mut reader =
                    csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
                let theirs: Vec<Vec<String>> =
                    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
                assert_eq!(ours, theirs, "{text:?}");
            }
        }
    }
}
