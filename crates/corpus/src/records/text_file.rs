//! Text files: their encodings, their lines.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use encoding_rs::UTF_8;

use super::compression::Bytes;
use super::encoding::{binary_kind, is_utf8_beyond_ascii, unmarked_utf16};
use super::options::{Encoding, ReadOptions};
use super::text_blocks::{Content, TextBlocks, block_size};
use crate::error::{CorpusError, Location, Result};

/// The byte order mark, as a character.
pub(super) const MARK: char = '\u{feff}';
/// The longest line, in bytes.
pub(super) const MAX_LINE: usize = 64 << 20;

/// A text file, opened: its encoding is known, and its text can be read any number of times.
#[derive(Debug, Clone)]
pub(super) struct TextFile {
    path: PathBuf,
    content: Content,
    /// Whether bytes that are not in the encoding are `NO_CHARACTER`, instead of an error.
    marks_broken: bool,
    /// What has to be said of the encoding: where it was told from the bytes and is not UTF-8, and where it is doubtful.
    pub(super) said: Option<String>,
}

impl TextFile {
    /// Opens a text file, compressed or not, as the options say.
    pub(super) fn open_with(path: &Path, options: &ReadOptions) -> Result<Self> {
        Ok(Self { marks_broken: options.passes_broken, ..Self::open(path, options.encoding)? })
    }

    /// Opens a text file, compressed or not, and finds out its encoding.
    pub(super) fn open(path: &Path, given: Option<Encoding>) -> Result<Self> {
        let mut bytes = Bytes::open(path)?;
        let mut begin = Vec::new();
        bytes.read(&mut begin, 16)?;
        if let Some(kind) = binary_kind(&begin) {
            let problem = format!("it is {kind}");
            return Err(CorpusError::Damaged { file: path.to_owned(), format: "text", problem });
        }
        let (marked, mark) = encoding_rs::Encoding::for_bom(&begin).map_or((None, 0), |(found, n)| (Some(found), n));
        let (encoding, said) = match (given, marked) {
            (Some(given), Some(marked)) if given.0 != marked => {
                let problem = format!("it begins with the mark of {}; leave --encoding out", marked.name());
                return Err(CorpusError::Damaged { file: path.to_owned(), format: given.name(), problem });
            }
            // In these any bytes are text, so that of several files the one that is UTF-8 would become garbage.
            (Some(given), _) if !given.is_unicode() && is_utf8_beyond_ascii(path)? => {
                if given.0.is_single_byte() {
                    (UTF_8, Some(format!("UTF-8, which all of it is, and not {} as told", given.name())))
                } else {
                    (given.0, Some(format!("{} as told, though it would be valid UTF-8", given.name())))
                }
            }
            (Some(given), _) => (given.0, None),
            (None, Some(marked)) => (marked, (marked != UTF_8).then(|| marked.name().to_owned())),
            (None, None) => match unmarked_utf16(path, &begin)? {
                Some(found) => (found, Some(format!("{} without a mark", found.name()))),
                None => (UTF_8, None),
            },
        };
        Ok(Self { path: path.to_owned(), content: Content::File { encoding, mark }, marks_broken: false, said })
    }

    /// A text in memory, whose errors name it as the file `name`.
    pub(super) fn of(name: &Path, text: &'static str) -> Self {
        Self { path: name.to_owned(), content: Content::Memory(text), marks_broken: false, said: None }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The text from its beginning, without a byte order mark.
    pub(super) fn read(&self) -> Result<TextBlocks> {
        TextBlocks::new(&self.path, self.content, self.marks_broken)
    }

    /// Whether the text has these characters somewhere.
    pub(super) fn contains(&self, wanted: &str) -> Result<bool> {
        self.contains_one(&[wanted])
    }

    /// Whether the text has one of these somewhere.
    pub(super) fn contains_one(&self, wanted: &[&str]) -> Result<bool> {
        let longest = wanted.iter().map(|wanted| wanted.len()).max().unwrap_or_default();
        let mut blocks = self.read()?;
        let mut text = String::new();
        while blocks.read(&mut text, block_size())? {
            if wanted.iter().any(|wanted| text.contains(wanted)) {
                return Ok(true);
            }
            // What is wanted may begin in this block and end in the next.
            let kept = text.len().saturating_sub(longest);
            text.drain(..text.floor_char_boundary(kept));
        }
        Ok(false)
    }

    /// The characters that the text begins with, about `n` bytes of them.
    pub(super) fn beginning(&self, n: usize) -> Result<String> {
        let mut text = String::new();
        self.read()?.read(&mut text, n)?;
        Ok(text)
    }

    /// The first character that is neither blank nor a byte order mark.
    pub(super) fn first_character(&self) -> Result<Option<char>> {
        let mut blocks = self.read()?;
        let mut text = String::new();
        while blocks.read(&mut text, block_size())? {
            if let Some(found) = text.chars().find(|&character| !character.is_whitespace() && character != MARK) {
                return Ok(Some(found));
            }
            text.clear();
        }
        Ok(None)
    }

    /// Gives the lines to `each`, with their numbers from 1 and without their line breaks, until it breaks. Lines end in LF or
    /// CRLF, or, in a file without any LF, in CR.
    ///
    /// # Errors
    /// Fails with `each`, and on a line that is longer than anything that has lines.
    pub(super) fn for_each_line(&self, each: &mut dyn FnMut(u64, &str) -> Result<ControlFlow<()>>) -> Result<()> {
        let Some(number) = self.for_each_short_line(each)? else { return Ok(()) };
        let problem = format!("the line is longer than {MAX_LINE} bytes");
        Err(CorpusError::Value { file: self.path.clone(), location: Location::Line(number), problem })
    }

    /// The same up to a line that is longer than anything that has lines, whose number is returned.
    ///
    /// # Errors
    /// Fails with `each`.
    pub(super) fn for_each_short_line(
        &self,
        each: &mut dyn FnMut(u64, &str) -> Result<ControlFlow<()>>,
    ) -> Result<Option<u64>> {
        let end = if self.contains("\n")? { '\n' } else { '\r' };
        let mut blocks = self.read()?;
        let (mut text, mut number, mut ended) = (String::new(), 0, false);
        while !ended {
            let n = block_size().max(text.len());
            ended = !blocks.read(&mut text, n)?;
            let mut at = 0;
            while let Some(line) = next_line(&text[at..], end, ended) {
                number += 1;
                at = (at + line.len() + 1).min(text.len());
                // Where files were put one behind the other, a mark is at the beginning of each.
                let line = line.strip_prefix(MARK).unwrap_or(line);
                if each(number, line.strip_suffix('\r').unwrap_or(line))?.is_break() {
                    return Ok(None);
                }
            }
            text.drain(..at);
            if text.len() > MAX_LINE {
                return Ok(Some(number + 1));
            }
        }
        Ok(None)
    }

    /// The whole text; none where it is larger than `limit` bytes.
    pub(super) fn read_whole(&self, limit: usize) -> Result<Option<String>> {
        let mut text = String::new();
        let mut blocks = self.read()?;
        while blocks.read(&mut text, block_size())? {
            if text.len() > limit {
                return Ok(None);
            }
        }
        Ok(Some(text))
    }
}

/// The line at the beginning of a text; none where its end is not there yet.
fn next_line(text: &str, end: char, is_last: bool) -> Option<&str> {
    match text.find(end) {
        Some(length) => Some(&text[..length]),
        None => (is_last && !text.is_empty()).then_some(text),
    }
}
