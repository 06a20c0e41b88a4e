//! One list of objects, read object by object.

use std::fmt;
use std::io::{self, Read};
use std::ops::ControlFlow;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use super::json_not_finite::{MARKS, NotFinite};
use super::json_row::Object;
use super::text_blocks::{TextBlocks, block_size};
use super::text_file::TextFile;
use crate::error::{CorpusError, Result};

/// Gives each object of the list in `file` to `each`, with its number from 1, until it breaks.
pub(super) fn for_each_item(
    file: &TextFile,
    each: &mut dyn FnMut(u64, Object) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let mut ended = None;
    let replacing = file.contains_one(&MARKS)?.then(|| (NotFinite::default(), String::new()));
    let mut reader = TextReader { blocks: file.read()?, text: String::new(), at: 0, failed: None, replacing };
    let mut deserializer = serde_json::Deserializer::from_reader(io::BufReader::with_capacity(1 << 16, &mut reader));
    let read = deserializer.deserialize_seq(Items { each, ended: &mut ended }).and_then(|()| deserializer.end());
    match (ended.or(reader.failed.map(Err)), read) {
        (Some(ended), _) => ended,
        (None, Ok(())) => Ok(()),
        (None, Err(error)) => Err(CorpusError::Damaged {
            file: file.path().to_owned(),
            format: "a JSON list of objects",
            problem: error.to_string(),
        }),
    }
}

struct Items<'a> {
    each: &'a mut dyn FnMut(u64, Object) -> Result<ControlFlow<()>>,
    /// How it ended before the end of the list: a deserializer has to be left by an error.
    ended: &'a mut Option<Result<()>>,
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(object) = items.next_element()? {
            number += 1;
            let ended = match (self.each)(number, object) {
                Ok(ControlFlow::Continue(())) => continue,
                Ok(ControlFlow::Break(())) => Ok(()),
                Err(error) => Err(error),
            };
            *self.ended = Some(ended);
            return Err(A::Error::custom("stopped"));
        }
        Ok(())
    }
}

/// The text of a file as bytes.
struct TextReader {
    blocks: TextBlocks,
    text: String,
    at: usize,
    failed: Option<CorpusError>,
    /// Where numbers are not finite, what replaces them, and a block before it does.
    replacing: Option<(NotFinite, String)>,
}

impl TextReader {
    /// Reads another block; whether there was one.
    fn read_more(&mut self) -> Result<bool> {
        self.text.clear();
        self.at = 0;
        let Some((not_finite, block)) = &mut self.replacing else {
            return self.blocks.read(&mut self.text, block_size());
        };
        block.clear();
        let is_there = self.blocks.read(block, block_size())?;
        not_finite.add(block, &mut self.text);
        if !is_there {
            not_finite.finish(&mut self.text);
        }
        Ok(is_there || !self.text.is_empty())
    }
}

impl Read for TextReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() {
            match self.read_more() {
                Ok(true) => {}
                Ok(false) => return Ok(0),
                Err(error) => {
                    self.failed = Some(error);
                    return Err(io::ErrorKind::InvalidData.into());
                }
            }
        }
        let n = buffer.len().min(self.text.len() - self.at);
        buffer[..n].copy_from_slice(&self.text.as_bytes()[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}
