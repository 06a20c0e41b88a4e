//! Buckets: micro-batches that are brought to one shape, so that one graph does all of them.
//!
//! The rows of tokens are filled up to a round number with further sentences of padding. Every row belongs to a sentence, so that
//! all of them are written; nobody reads the logits of these sentences, so that all their gradients are zeros.

use crate::batch::PackedShape;

/// Rows are rounded up to a multiple of this, and of more where there are many. A GPU multiplies 128 at a time, and every bucket costs
/// two steps of operators and a recording.
const ROWS: usize = 128;

/// The longest sentence is rounded up to a multiple of this, of twice as much beyond two of them.
const SEQLEN: usize = 64;

/// What a graph of a micro-batch depends on beside the run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Bucket {
    /// With the sentences of padding.
    pub(super) shape: PackedShape,
    /// Sentences of padding.
    n_fillers: usize,
    /// Whether its gradients are added to those of the step's micro-batches before.
    pub(super) adds: bool,
    /// The micro-batches of the step, by which the loss is divided.
    of: usize,
}

/// Sentences of padding are parts of this.
static PADDING: [i32; 4096] = [0; 4096];

impl Bucket {
    /// That of these sentences as one of `of` micro-batches. `max_positions`: no sentence is longer.
    pub(super) fn of(sentences: &[&[i32]], max_positions: usize, adds: bool, of: usize) -> Self {
        let n_tokens: usize = sentences.iter().map(|sentence| sentence.len()).sum();
        let longest = sentences.iter().map(|sentence| sentence.len()).max().unwrap_or(0);
        let multiple = if longest <= 2 * SEQLEN { SEQLEN } else { 2 * SEQLEN };
        let max_seqlen = longest.next_multiple_of(multiple).min(max_positions.max(longest)).max(2);
        // Less than an eighth of the rows, or few.
        let rows_multiple = ROWS.max((n_tokens / 16).next_power_of_two());
        // So many that they can hold whatever is missing, each at least one row.
        let n_fillers = (rows_multiple - 1).div_ceil(max_seqlen.min(PADDING.len()) - 1);
        let n_rows = (n_tokens + n_fillers).next_multiple_of(rows_multiple);
        let shape = PackedShape { n_rows, batch: sentences.len() + n_fillers, max_seqlen };
        Self { shape, n_fillers, adds, of }
    }

    /// The sentences with those of padding behind them: as many tokens as the shape has rows.
    pub(super) fn filled_up<'a>(&self, sentences: &[&'a [i32]]) -> Vec<&'a [i32]> {
        let n_tokens: usize = sentences.iter().map(|sentence| sentence.len()).sum();
        let missing = self.shape.n_rows - n_tokens;
        let filler =
            |index: usize| &PADDING[..missing / self.n_fillers + usize::from(index < missing % self.n_fillers)];
        sentences.iter().copied().chain((0..self.n_fillers).map(filler)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentences(lengths: &[usize]) -> Vec<&'static [i32]> {
        lengths.iter().map(|&length| &PADDING[..length]).collect()
    }

    /// Lengths of every kind: each row has its sentence, none is longer than the bucket's, and what is added stays small.
    #[test]
    fn a_bucket_is_filled_up_by_sentences_that_fit() {
        for max_positions in [4, 40, 512, 4096] {
            for n_sentences in [1, 2, 7, 16, 64] {
                for longest in [2, 3, 31, 32, 33, 100, 129, 511] {
                    let longest = longest.min(max_positions);
                    let lengths: Vec<usize> = (0..n_sentences).map(|i| (longest - i % longest).max(2)).collect();
                    let sentences = sentences(&lengths);
                    let bucket = Bucket::of(&sentences, max_positions, false, 1);
                    let filled = bucket.filled_up(&sentences);
                    let n_tokens: usize = lengths.iter().sum();
                    let PackedShape { n_rows, batch, max_seqlen } = bucket.shape;
                    assert_eq!(filled.len(), batch, "{lengths:?}");
                    assert_eq!(filled.iter().map(|it| it.len()).sum::<usize>(), n_rows, "{lengths:?}");
                    assert!(filled.iter().all(|it| (1..=max_seqlen).contains(&it.len())), "{lengths:?}");
                    assert!(max_seqlen <= max_positions && filled[..n_sentences] == sentences, "{lengths:?}");
                    assert!(n_rows <= n_tokens + n_tokens / 8 + ROWS + batch - n_sentences, "{lengths:?}: {n_rows}");
                }
            }
        }
    }

    #[test]
    fn batches_that_differ_a_little_share_a_bucket() {
        let bucket = |lengths: &[usize], adds, of| Bucket::of(&sentences(lengths), 512, adds, of);
        let first = bucket(&[20, 25, 30, 9], false, 1);
        assert_eq!(first, bucket(&[22, 31, 12, 17], false, 1));
        for other in [
            bucket(&[22, 65, 2, 3], false, 1),   // a longer one
            bucket(&[32, 33, 32, 32], false, 1), // more rows
            bucket(&[20, 25, 30], false, 1),     // fewer sentences
            bucket(&[20, 25, 30, 9], false, 2),  // of a step with two
            bucket(&[20, 25, 30, 9], true, 2),   // the second of them
        ] {
            assert_ne!(first, other);
        }
    }
}
