//! Packed batch: the tokens of its sentences one after another, without padding, and the offset of each sentence.

use std::cell::OnceCell;

use bert_kernels::{DistinctRows, PackedSentences};
use tch::{Device, Kind, Tensor};

/// On the CPU the number of rows is rounded up to a multiple of this with padding that nothing reads: for every new number
/// of rows oneDNN builds new primitives.
const ROWS_MULTIPLE: usize = 16;

/// Sentences, packed.
#[derive(Debug)]
pub struct Batch {
    /// The tokens, then padding that nothing reads: `(n_rows)`, int64.
    pub input_ids: Tensor,
    /// Each token's position in its sentence: `(n_rows)`, int64.
    pub position_ids: Tensor,
    /// Where sentences begin, and where the last one ends: `(batch + 1)`, int64, on the CPU.
    pub cu_seqlens: Tensor,
    /// The row of each sentence's first token, `[CLS]`: `(batch)`, int64.
    pub cls_rows: Tensor,
    /// The longest sentence, in tokens.
    pub max_seqlen: i64,
    /// Tokens without the padding.
    pub n_tokens: usize,
    /// The tokens without the padding, on the host.
    ids: Vec<i64>,
    /// See [`Self::words`].
    words: OnceCell<DistinctRows>,
    /// As `cu_seqlens`, on the device of the tokens.
    offsets: Tensor,
    /// See [`Self::device_cu_seqlens`].
    device_cu_seqlens: OnceCell<Tensor>,
    /// See [`Self::key_bias`].
    key_bias: OnceCell<Tensor>,
}

/// Which rows of a batch a layer computes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OutputRows {
    /// Every token's.
    All,
    /// Those of the sentences' first tokens, which the classifier reads.
    Cls,
}

impl Batch {
    /// As the kernels of the CPU take them.
    pub(crate) fn packed_sentences(&self) -> PackedSentences<'_> {
        PackedSentences { input_ids: &self.input_ids, position_ids: &self.position_ids, cu_seqlens: &self.cu_seqlens }
    }

    /// Packs `sentences`, each at least one token long.
    pub fn new(sentences: &[&[i32]], device: Device) -> Self {
        let n_tokens: usize = sentences.iter().map(|sentence| sentence.len()).sum();
        let max_seqlen = sentences.iter().map(|sentence| sentence.len()).max().unwrap_or(0);
        let n_rows = if device == Device::Cpu { n_tokens.next_multiple_of(ROWS_MULTIPLE) } else { n_tokens };

        // Tokens, positions and offsets in one buffer: one transfer.
        let mut numbers = Vec::with_capacity(2 * n_rows + sentences.len() + 1);
        numbers.extend(sentences.iter().flat_map(|sentence| sentence.iter().map(|&id| i64::from(id))));
        numbers.resize(n_rows, 0);
        numbers.extend(sentences.iter().flat_map(|sentence| 0..sentence.len() as i64));
        numbers.resize(2 * n_rows, 0);
        numbers.push(0);
        for sentence in sentences {
            numbers.push(numbers[numbers.len() - 1] + sentence.len() as i64);
        }
        let host = Tensor::from_slice(&numbers);
        let on_device = host.to_device(device);
        numbers.truncate(n_tokens);
        let (n_rows, batch) = (n_rows as i64, sentences.len() as i64);
        Self {
            input_ids: on_device.narrow(0, 0, n_rows),
            position_ids: on_device.narrow(0, n_rows, n_rows),
            cls_rows: on_device.narrow(0, 2 * n_rows, batch),
            cu_seqlens: host.narrow(0, 2 * n_rows, batch + 1),
            max_seqlen: max_seqlen as i64,
            n_tokens,
            ids: numbers,
            words: OnceCell::new(),
            offsets: on_device.narrow(0, 2 * n_rows, batch + 1),
            device_cu_seqlens: OnceCell::new(),
            key_bias: OnceCell::new(),
        }
    }

    /// Sentences in the batch.
    pub fn len(&self) -> i64 {
        self.cls_rows.size()[0]
    }

    /// Whether there is no sentence.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The distinct words, padding not among them, and the tokens of each.
    pub(crate) fn words(&self) -> &DistinctRows {
        self.words.get_or_init(|| DistinctRows::new(&self.ids))
    }

    /// These rows of `hidden_states`, `(n_rows, hidden)`.
    pub(crate) fn select(&self, rows: OutputRows, hidden_states: &Tensor) -> Tensor {
        match rows {
            OutputRows::All => hidden_states.shallow_clone(),
            OutputRows::Cls => hidden_states.index_select(0, &self.cls_rows),
        }
    }

    /// Where sentences begin, and where the last one ends: `(batch + 1)`, int32, on the device of the tokens.
    pub(crate) fn device_cu_seqlens(&self) -> &Tensor {
        self.device_cu_seqlens.get_or_init(|| self.offsets.to_kind(Kind::Int))
    }

    /// For every head zero where a key exists and -inf where a sentence is shorter: `(batch * heads, 1, max_seqlen)` of `kind`.
    /// All calls ask for the same.
    pub(crate) fn key_bias(&self, heads: i64, kind: Kind) -> &Tensor {
        let bias = self.key_bias.get_or_init(|| {
            let device = self.input_ids.device();
            let lengths = self.offsets.diff::<Tensor>(1, 0, None, None).view([-1, 1]);
            let missing = Tensor::arange(self.max_seqlen, (Kind::Int64, device)).ge_tensor(&lengths);
            let bias =
                Tensor::zeros([self.len(), self.max_seqlen], (kind, device)).masked_fill(&missing, f64::NEG_INFINITY);
            bias.repeat_interleave_self_int(heads, 0, None).unsqueeze(1)
        });
        assert!(bias.kind() == kind && bias.size()[0] == self.len() * heads, "one batch goes through one model");
        bias
    }
}
