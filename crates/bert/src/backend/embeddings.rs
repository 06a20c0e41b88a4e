//! Embedding layer: word + position + token type, LayerNorm, dropout. `(n_rows)` ids to `(n_rows, hidden)`.

use checkpoint::BertConfig;
use tch::{Device, Tensor};

use crate::batch::Batch;
use crate::dropout::EMBEDDINGS_SITE;
use crate::error::BertError;
use crate::layers::LayerNorm;
use crate::mode::Mode;
use crate::parameters::Parameters;

/// The sum of three tables, normalized.
#[derive(Debug)]
pub(crate) struct Embeddings {
    words: Tensor,
    positions: Tensor,
    token_types: Tensor,
    layer_norm: LayerNorm,
    padding_idx: i64,
}

impl Embeddings {
    pub(crate) fn new(parameters: &Parameters, config: &BertConfig) -> Self {
        let table = |name: &str| parameters.get(&format!("bert.embeddings.{name}.weight")).tensor.shallow_clone();
        Self {
            words: table("word_embeddings"),
            positions: table("position_embeddings"),
            token_types: table("token_type_embeddings"),
            layer_norm: LayerNorm::new(parameters, "bert.embeddings.LayerNorm", config.layer_norm_eps),
            padding_idx: config.padding_idx(),
        }
    }

    /// The hidden states `(n_rows, hidden)` of the batch's tokens, float32.
    ///
    /// In training on the CPU the word table's gradient is sparse: it touches a few hundred of tens of thousands of rows. A batch
    /// that is recorded has a dense one, on every device.
    pub(crate) fn forward(&self, batch: &Batch, mode: Mode) -> Result<Tensor, BertError> {
        let on_cpu = self.words.device() == Device::Cpu && batch.padded_index().is_none();
        let sparse = matches!(mode, Mode::Train(_)) && on_cpu;
        self.forward_from_words(
            Tensor::embedding(&self.words, &batch.input_ids, self.padding_idx, false, sparse),
            batch,
            mode,
        )
    }

    /// The same from rows `(n_rows, hidden)` instead of the batch's words.
    pub(crate) fn forward_from_words(&self, words: Tensor, batch: &Batch, mode: Mode) -> Result<Tensor, BertError> {
        let positions = Tensor::embedding(&self.positions, &batch.position_ids, -1, false, false);
        let sum = words + positions + self.token_types.select(0, 0);
        mode.drop_hidden(&self.layer_norm.forward(&sum), EMBEDDINGS_SITE)
    }
}
