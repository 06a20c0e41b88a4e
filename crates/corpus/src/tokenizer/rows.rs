//! Rows: from the ids of a text to the rows that a model takes, each between its special tokens.

use super::encodings::Encodings;
use super::overflow::Overflow;
use super::windows::windows;
use super::{N_SPECIAL, Tokenizer};
use crate::error::Result;

impl Tokenizer {
    /// The same tokenizer, with `overflow` for texts that are too long.
    ///
    /// # Errors
    /// Fails when windows would share all of their tokens.
    pub fn with_overflow(self, overflow: Overflow) -> Result<Self> {
        overflow.check(self.max_length)?;
        Ok(Self { overflow, ..self })
    }

    /// What becomes of longer texts.
    pub fn overflow(&self) -> Overflow {
        self.overflow
    }

    /// Appends a text, whose ids come without special tokens.
    pub(super) fn append(&self, ids: &[u32], encodings: &mut Encodings) {
        let capacity = self.max_length - N_SPECIAL;
        let kept = match self.overflow {
            Overflow::Truncate(side) if ids.len() > capacity => side.kept(ids, capacity),
            _ => [ids, &[]],
        };
        match self.overflow {
            Overflow::Windows { stride } => {
                windows(ids.len(), capacity, stride).for_each(|window| self.append_row([&ids[window], &[]], encodings));
            }
            Overflow::Truncate(_) => self.append_row(kept, encodings),
        }
        encodings.n_truncated += usize::from(kept[0].len() + kept[1].len() < ids.len());
        encodings.text_lengths.push(ids.len() + N_SPECIAL);
        encodings.window_offsets.push(encodings.len());
        let kept = || kept.into_iter().flatten();
        encodings.n_words += kept().filter(|&&id| !self.continues_word[id as usize]).count();
        encodings.n_unknown_words += kept().filter(|&&id| Some(id) == self.special_ids.unknown).count();
    }

    fn append_row(&self, parts: [&[u32]; 2], encodings: &mut Encodings) {
        encodings.input_ids.push(self.special_ids.cls as i32);
        parts.iter().for_each(|part| encodings.input_ids.extend(part.iter().map(|&id| id as i32)));
        encodings.input_ids.push(self.special_ids.sep as i32);
        encodings.offsets.push(encodings.input_ids.len());
    }
}
