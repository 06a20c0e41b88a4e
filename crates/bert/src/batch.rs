//! A packed batch: the tokens of its sentences one after another, and where each sentence begins.

use tch::{Device, Kind, Tensor};

/// The number of rows is rounded up to a multiple of this with tokens that nothing reads: for every new number of rows
/// oneDNN builds new primitives.
const ROWS_MULTIPLE: usize = 16;

/// Sentences, packed.
#[derive(Debug)]
pub struct Batch {
    /// The tokens, then a few that nothing reads: `(n_rows)`, int64.
    pub input_ids: Tensor,
    /// Each token's place in its sentence: `(n_rows)`, int64.
    pub position_ids: Tensor,
    /// Where sentences begin, and where the last one ends: `(batch + 1)`, int64, on the CPU.
    pub cu_seqlens: Tensor,
    /// The row of each sentence's first token: `(batch)`, int64.
    pub first_rows: Tensor,
    /// Zero where a key exists and -inf where a sentence is shorter: `(batch, 1, max_seqlen)`, float32.
    pub key_bias: Tensor,
    /// The longest sentence, in tokens.
    pub max_seqlen: i64,
    /// Tokens that are read.
    pub n_tokens: usize,
}

impl Batch {
    /// Packs `sentences`, each at least one token long.
    pub fn new(sentences: &[&[i32]], device: Device) -> Self {
        let n_tokens: usize = sentences.iter().map(|sentence| sentence.len()).sum();
        let max_seqlen = sentences.iter().map(|sentence| sentence.len()).max().unwrap_or(0);
        let n_rows = n_tokens.next_multiple_of(ROWS_MULTIPLE);

        let mut input_ids = Vec::with_capacity(n_rows);
        let mut position_ids = Vec::with_capacity(n_rows);
        let mut cu_seqlens = vec![0_i64];
        let mut key_bias = vec![0_f32; sentences.len() * max_seqlen];
        for (place, sentence) in sentences.iter().enumerate() {
            input_ids.extend(sentence.iter().map(|&id| i64::from(id)));
            position_ids.extend(0..sentence.len() as i64);
            cu_seqlens.push(input_ids.len() as i64);
            key_bias[place * max_seqlen..][sentence.len()..max_seqlen].fill(f32::NEG_INFINITY);
        }
        input_ids.resize(n_rows, 0);
        position_ids.resize(n_rows, 0);

        let cu_seqlens = Tensor::from_slice(&cu_seqlens);
        let batch = sentences.len() as i64;
        Self {
            input_ids: Tensor::from_slice(&input_ids).to_device(device),
            position_ids: Tensor::from_slice(&position_ids).to_device(device),
            first_rows: cu_seqlens.narrow(0, 0, batch).to_device(device),
            cu_seqlens,
            key_bias: Tensor::from_slice(&key_bias).view([batch, 1, max_seqlen as i64]).to_device(device),
            max_seqlen: max_seqlen as i64,
            n_tokens,
        }
    }

    /// Sentences in the batch.
    pub fn len(&self) -> i64 {
        self.first_rows.size()[0]
    }

    /// Whether there is no sentence.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `key_bias` for every head: `(batch * heads, 1, max_seqlen)` of `kind`.
    pub(crate) fn key_bias_of_heads(&self, heads: i64, kind: Kind) -> Tensor {
        let one_head = self.key_bias.unsqueeze(1).to_kind(kind);
        one_head.expand([self.len(), heads, 1, self.max_seqlen], true).reshape([self.len() * heads, 1, self.max_seqlen])
    }
}
