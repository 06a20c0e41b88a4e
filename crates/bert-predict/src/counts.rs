//! Counts of what became of the rows, and how they are told.

use corpus::tokenizer::{Encodings, Overflow};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stage::{counted, ensure_input};

/// What became of some rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// All of them.
    pub(crate) rows: u64,
    /// Those that could not be read.
    pub(crate) broken: u64,
    /// Those that had more tokens than the model takes.
    pub(crate) longer: u64,
    /// The tokens that these lost.
    pub(crate) lost_tokens: u64,
    /// The windows in which these were read.
    pub(crate) windows: u64,
    /// Those without a label since none was probable enough.
    pub(crate) abstained: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.broken += other.broken;
        self.longer += other.longer;
        self.lost_tokens += other.lost_tokens;
        self.windows += other.windows;
        self.abstained += other.abstained;
    }

    /// Refuses an input of which no row could be read: it is not what it was taken for.
    ///
    /// # Errors
    /// Fails where there is no other row; that is bad input.
    pub(crate) fn ensure_some_read(&self) -> anyhow::Result<()> {
        ensure_input!(self.broken < self.rows || self.rows == 0, "no row of the input could be read");
        Ok(())
    }

    /// The numbers of rows, for whoever started the program.
    pub(crate) fn figures(&self) -> Map<String, Value> {
        let Self { rows, broken, abstained, longer, .. } = *self;
        let named = [("rows", rows), ("broken", broken), ("abstained", abstained), ("longer", longer)];
        named.into_iter().map(|(name, n)| (name.to_owned(), n.into())).collect()
    }

    /// Counts the texts that have more than `max_length` tokens.
    pub(crate) fn add_longer(&mut self, encodings: &Encodings, max_length: usize) {
        for text in (0..encodings.text_lengths.len()).filter(|&text| encodings.text_lengths[text] > max_length) {
            self.longer += 1;
            self.lost_tokens += encodings.n_lost(text) as u64;
            self.windows += encodings.windows(text).len() as u64;
        }
    }

    /// How many texts were cut and what was lost of them, or in how many windows they were read; `None` where all fit.
    pub(crate) fn too_long(&self, overflow: Overflow, max_length: usize) -> Option<String> {
        if self.longer == 0 {
            return None;
        }
        let were = if self.longer == 1 { "was" } else { "were" };
        let texts = counted(self.rows - self.broken, "text");
        let beginning = format!("{} of {texts} {were} longer than {max_length} tokens", self.longer);
        Some(match overflow {
            Overflow::Truncate(_) => {
                let lost = counted(self.lost_tokens, "token");
                let were_lost = if self.lost_tokens == 1 { "was" } else { "were" };
                format!("{beginning} and {were} {}; {lost} {were_lost} lost", overflow.described())
            }
            Overflow::Windows { stride } => {
                format!("{beginning} and {were} read in {} windows that share {stride} tokens", self.windows)
            }
        })
    }

    /// The last line of a run: `8544 rows, 2 broken, 12 cut, 5 abstained; 612 rows/s`.
    pub(crate) fn summary(&self, overflow: Overflow, rate: f64) -> String {
        let mut parts = vec![counted(self.rows, "row"), format!("{} broken", self.broken)];
        parts.push(match overflow {
            Overflow::Truncate(_) => format!("{} cut", self.longer),
            Overflow::Windows { .. } => format!("{} read in windows", self.longer),
        });
        parts.push(format!("{} abstained", self.abstained));
        format!("{}; {rate:.0} rows/s", parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use corpus::tokenizer::TruncationSide;

    #[test]
    fn what_became_of_the_rows_is_told() {
        let cut = Overflow::Truncate(TruncationSide::Right);
        let counts = Counts { rows: 4, broken: 1, longer: 1, lost_tokens: 1, windows: 1, abstained: 2 };
        let expected = "1 of 3 texts was longer than 8 tokens and was truncated at their ends; 1 token was lost";
        assert_eq!(counts.too_long(cut, 8).as_deref(), Some(expected));
        assert_eq!(counts.summary(cut, 611.6), "4 rows, 1 broken, 1 cut, 2 abstained; 612 rows/s");
        assert_eq!(Counts::default().too_long(cut, 8), None);
    }
}
