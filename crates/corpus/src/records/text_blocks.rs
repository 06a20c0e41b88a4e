//! Text blocks: from bytes to characters, a block at a time.

use std::path::{Path, PathBuf};

use encoding_rs::{Decoder, DecoderResult, UTF_8};

use super::compression::Bytes;
use super::encoding::{N_LOOKED_AT, not_utf8};
use super::line_breaks::LineBreaks;
use crate::error::{CorpusError, Result};

const BLOCK_SIZE: usize = 1 << 20;
/// What stands in a text for bytes that are not in its encoding, where they are marked: no text has it.
pub(super) const NO_CHARACTER: char = '\u{10ffff}';

/// Bytes that are decoded at a time.
#[cfg(not(any(test, fuzzing)))]
pub(super) fn block_size() -> usize {
    BLOCK_SIZE
}

#[cfg(any(test, fuzzing))]
thread_local! {
    /// Tests read in small blocks, too.
    pub(super) static TEST_BLOCK_SIZE: std::cell::Cell<usize> = const { std::cell::Cell::new(BLOCK_SIZE) };
}

#[cfg(any(test, fuzzing))]
pub(super) fn block_size() -> usize {
    TEST_BLOCK_SIZE.get()
}

/// Where a text is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content {
    File {
        encoding: &'static encoding_rs::Encoding,
        mark: usize,
    },
    /// A text that is part of the program.
    Memory(&'static str),
}

/// The text of a file as it is read.
pub(super) struct TextBlocks {
    path: PathBuf,
    source: BlockSource,
    n_breaks: LineBreaks,
}

enum BlockSource {
    File(Box<DecodedBytes>),
    Memory(Option<&'static str>),
}

struct DecodedBytes {
    bytes: Bytes,
    encoding: &'static encoding_rs::Encoding,
    mark: usize,
    marks_broken: bool,
    decoder: Decoder,
    buffer: Vec<u8>,
    ended: bool,
}

impl TextBlocks {
    /// From the beginning of a text, without a byte order mark. Where `marks_broken`, bytes that are no character are
    /// [`NO_CHARACTER`], instead of an error.
    pub(super) fn new(path: &Path, content: Content, marks_broken: bool) -> Result<Self> {
        let source = match content {
            Content::Memory(text) => BlockSource::Memory(Some(text)),
            Content::File { encoding, mark } => {
                let mut bytes = Bytes::open(path)?;
                let mut buffer = Vec::new();
                bytes.read(&mut buffer, mark)?;
                buffer.clear();
                let decoder = encoding.new_decoder_without_bom_handling();
                BlockSource::File(Box::new(DecodedBytes {
                    bytes,
                    encoding,
                    mark,
                    marks_broken,
                    decoder,
                    buffer,
                    ended: false,
                }))
            }
        };
        Ok(Self { path: path.to_owned(), source, n_breaks: LineBreaks::default() })
    }

    /// Adds the text of about `n` more bytes; whether there were any.
    ///
    /// # Errors
    /// Fails on a file that cannot be read or unpacked, and with the line of the first bytes that are no character.
    pub(super) fn read(&mut self, text: &mut String, n: usize) -> Result<bool> {
        let begin = text.len();
        match &mut self.source {
            BlockSource::Memory(whole) => {
                let Some(whole) = whole.take() else { return Ok(false) };
                text.push_str(whole);
            }
            BlockSource::File(file) if file.ended => return Ok(false),
            BlockSource::File(file) => {
                if !file.read(text, n)? {
                    self.n_breaks.add(&text[begin..]);
                    let line = self.n_breaks.count() + 1;
                    let problem = file.problem(&self.path)?;
                    return Err(CorpusError::NotText { file: self.path.clone(), line, problem });
                }
            }
        }
        self.n_breaks.add(&text[begin..]);
        Ok(true)
    }
}

impl DecodedBytes {
    /// Decodes the next bytes; whether they are text.
    fn read(&mut self, text: &mut String, n: usize) -> Result<bool> {
        self.buffer.clear();
        self.ended = self.bytes.read(&mut self.buffer, n)? < n;
        let mut begin = 0;
        loop {
            let rest = &self.buffer[begin..];
            text.reserve(self.decoder.max_utf8_buffer_length_without_replacement(rest.len()).unwrap_or(n * 4));
            let (result, n_read) = self.decoder.decode_to_string_without_replacement(rest, text, self.ended);
            match result {
                DecoderResult::Malformed(..) if self.marks_broken => text.push(NO_CHARACTER),
                DecoderResult::OutputFull if self.marks_broken => {}
                result => return Ok(matches!(result, DecoderResult::InputEmpty)),
            }
            begin += n_read;
        }
    }

    /// What is wrong with bytes that are no text.
    fn problem(&self, path: &Path) -> Result<String> {
        if self.encoding != UTF_8 {
            return Ok(format!("the text is not {}; give its encoding with --encoding", self.encoding.name()));
        }
        if self.mark > 0 {
            return Ok("the file begins with the mark of UTF-8, but the text is not UTF-8 here; mend the line, or take the mark \
                       away and give the encoding of the rest with --encoding"
                .to_owned());
        }
        let mut bytes = Vec::new();
        Bytes::open(path)?.read(&mut bytes, N_LOOKED_AT)?;
        Ok(match std::str::from_utf8(&bytes) {
            // Of a character that was cut at the end, nothing is wrong.
            Err(error) if error.error_len().is_some() || bytes.len() < N_LOOKED_AT => {
                not_utf8(&bytes, error.valid_up_to())
            }
            _ => "the text is not UTF-8 here; mend the line, or give the encoding with --encoding".to_owned(),
        })
    }
}
