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
    /// No sentence is longer, in tokens.
    pub max_seqlen: i64,
    /// The tokens without the padding, on the host.
    ids: Vec<i64>,
    /// See [`Self::words`].
    words: OnceCell<DistinctRows>,
    /// As `cu_seqlens`, on the device of the tokens.
    offsets: Tensor,
    /// The sentence of each row, where ATen's operators alone pad: `(n_rows)`, int64.
    sentence_ids: Option<Tensor>,
    /// See [`Self::padded_index`].
    padded_index: OnceCell<Tensor>,
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

/// The shape of a packed batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PackedShape {
    /// Rows of tokens.
    pub(crate) n_rows: usize,
    /// Sentences.
    pub(crate) batch: usize,
    /// No sentence is longer.
    pub(crate) max_seqlen: usize,
}

impl PackedShape {
    /// Numbers of a batch with [`PackedNumbers::with_sentence_ids`].
    pub(crate) fn n_numbers(self) -> usize {
        3 * self.n_rows + self.batch + 1
    }
}

/// Everything that a device reads of a batch in one buffer, for one transfer: tokens, positions, offsets, and the sentence of each
/// row where it is wanted.
pub(crate) struct PackedNumbers(Vec<i64>);

impl PackedNumbers {
    fn new(sentences: &[&[i32]], n_rows: usize) -> Self {
        let mut numbers = Vec::with_capacity(3 * n_rows + sentences.len() + 1);
        numbers.extend(sentences.iter().flat_map(|sentence| sentence.iter().map(|&id| i64::from(id))));
        numbers.resize(n_rows, 0);
        numbers.extend(sentences.iter().flat_map(|sentence| 0..sentence.len() as i64));
        numbers.resize(2 * n_rows, 0);
        numbers.push(0);
        for sentence in sentences {
            numbers.push(numbers[numbers.len() - 1] + sentence.len() as i64);
        }
        Self(numbers)
    }

    /// Of sentences without padding behind them, as every device but the CPU takes them.
    pub(crate) fn with_sentence_ids(sentences: &[&[i32]]) -> Self {
        let n_tokens = sentences.iter().map(|sentence| sentence.len()).sum();
        let Self(mut numbers) = Self::new(sentences, n_tokens);
        let ids = sentences.iter().enumerate().flat_map(|(index, it)| std::iter::repeat_n(index as i64, it.len()));
        numbers.extend(ids);
        Self(numbers)
    }

    /// On the host: `(n_numbers)`, int64.
    pub(crate) fn to_tensor(&self) -> Tensor {
        Tensor::from_slice(&self.0)
    }
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
        let on_cpu = device == Device::Cpu;
        let n_rows = if on_cpu { n_tokens.next_multiple_of(ROWS_MULTIPLE) } else { n_tokens };
        let numbers =
            if on_cpu { PackedNumbers::new(sentences, n_rows) } else { PackedNumbers::with_sentence_ids(sentences) };
        let host = numbers.to_tensor();
        let shape = PackedShape { n_rows, batch: sentences.len(), max_seqlen };
        let mut batch = Self::on_buffer(&host.to_device(device), shape);
        batch.cu_seqlens = host.narrow(0, 2 * n_rows as i64, sentences.len() as i64 + 1);
        let PackedNumbers(mut ids) = numbers;
        ids.truncate(n_tokens);
        Self { ids, ..batch }
    }

    /// The batch whose numbers stand in `buffer`, now or when they are read: with sentence ids `(n_numbers)`, else without,
    /// int64. Its words and `cu_seqlens` are not known on the host.
    pub(crate) fn on_buffer(buffer: &Tensor, shape: PackedShape) -> Self {
        let (n_rows, batch, max_seqlen) = (shape.n_rows as i64, shape.batch as i64, shape.max_seqlen as i64);
        let sentence_ids =
            (buffer.numel() == shape.n_numbers()).then(|| buffer.narrow(0, 2 * n_rows + batch + 1, n_rows));
        Self {
            input_ids: buffer.narrow(0, 0, n_rows),
            position_ids: buffer.narrow(0, n_rows, n_rows),
            cls_rows: buffer.narrow(0, 2 * n_rows, batch),
            cu_seqlens: Tensor::new(),
            max_seqlen,
            ids: Vec::new(),
            words: OnceCell::new(),
            offsets: buffer.narrow(0, 2 * n_rows, batch + 1),
            sentence_ids,
            padded_index: OnceCell::new(),
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

    /// Rows of tokens, with the padding behind them.
    pub(crate) fn n_rows(&self) -> i64 {
        self.input_ids.size()[0]
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

    /// Where each row stands among sentences that are padded to `max_seqlen`: `(n_rows)`, int64. `None` where the CPU's own
    /// operators pad.
    pub(crate) fn padded_index(&self) -> Option<&Tensor> {
        let sentence_ids = self.sentence_ids.as_ref()?;
        Some(self.padded_index.get_or_init(|| sentence_ids * self.max_seqlen + &self.position_ids))
    }

    /// Where sentences begin, and where the last one ends: `(batch + 1)`, int32, on the device of the tokens.
    pub(crate) fn device_cu_seqlens(&self) -> &Tensor {
        self.device_cu_seqlens.get_or_init(|| self.offsets.to_kind(Kind::Int))
    }

    /// For every head zero where a key exists and -inf where a sentence is shorter: `(batch * heads, 1, max_seqlen)` of `kind`.
    /// All calls ask for the same.
    pub(crate) fn key_bias(&self, heads: i64, kind: Kind) -> &Tensor {
        let bias = self.key_bias.get_or_init(|| {
            let (device, batch, max_seqlen) = (self.input_ids.device(), self.len(), self.max_seqlen);
            let lengths = self.offsets.diff::<Tensor>(1, 0, None, None).view([-1, 1]);
            let missing = Tensor::arange(max_seqlen, (Kind::Int64, device)).ge_tensor(&lengths);
            let bias = Tensor::zeros([batch, max_seqlen], (kind, device)).masked_fill(&missing, f64::NEG_INFINITY);
            bias.view([batch, 1, 1, max_seqlen]).expand([batch, heads, 1, max_seqlen], false).reshape([
                batch * heads,
                1,
                max_seqlen,
            ])
        });
        assert!(bias.kind() == kind && bias.size()[0] == self.len() * heads, "one batch goes through one model");
        bias
    }
}
