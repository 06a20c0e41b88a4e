//! Self-attention of packed sentences.

use checkpoint::BertConfig;
use tch::{Kind, Tensor};

use crate::encoder::Rows;
use crate::layers::{LayerNorm, Linear};
use crate::{Batch, BertError, Mode, Parameters, Precision};

/// Attention of every token to its own sentence, with the residual and norm behind it.
#[derive(Debug)]
pub(crate) struct Attention {
    query_key_value: Linear,
    output: Linear,
    norm: LayerNorm,
    heads: i64,
    head_size: i64,
}

impl Attention {
    pub(crate) fn new(parameters: &Parameters, path: &str, config: &BertConfig, precision: Precision) -> Self {
        Self {
            query_key_value: Linear::new(parameters, &format!("{path}.self.query"), precision),
            output: Linear::new(parameters, &format!("{path}.output.dense"), precision),
            norm: LayerNorm::new(parameters, &format!("{path}.output.LayerNorm"), config.layer_norm_eps),
            heads: config.num_attention_heads as i64,
            head_size: config.head_size() as i64,
        }
    }

    /// `states`: `(n_rows, hidden)` of the whole batch. The result has the rows that `rows` asks for.
    pub(crate) fn forward(
        &self,
        states: &Tensor,
        batch: &Batch,
        rows: Rows,
        mode: Mode,
        site: u64,
    ) -> Result<Tensor, BertError> {
        let (n_rows, hidden) = (states.size()[0], self.heads * self.head_size);
        let projected = self.query_key_value.forward(states); // (n_rows, 3 * hidden)
        let parts = torch_ext::heads_from_rows(&projected, &batch.cu_seqlens, batch.max_seqlen, 3, self.heads)?;
        let (mut query, key, value) = (parts.get(0), parts.get(1), parts.get(2)); // (batch * heads, max_seqlen, head_size)
        if matches!(rows, Rows::First) {
            query = query.narrow(1, 0, 1);
        }
        let kind = query.kind();
        let scale = 1.0 / (self.head_size as f64).sqrt();
        let bias = batch.key_bias_of_heads(self.heads, kind);
        let scores = bias.baddbmm(&query, &key.transpose(1, 2), 1.0, scale); // (batch * heads, queries, max_seqlen)
        let shares = mode.drop_attention(&scores.softmax(-1, Kind::Float).to_kind(kind), site)?;
        let context = shares.bmm(&value); // (batch * heads, queries, head_size)
        let context = match rows {
            Rows::All => torch_ext::rows_from_heads(&context.unsqueeze(0), &batch.cu_seqlens, n_rows, self.heads)?,
            Rows::First => context.reshape([batch.len(), hidden]),
        };
        let attended = mode.drop_hidden(&self.output.forward(&context), site + 1)?;
        Ok(self.norm.forward(&(rows.of(states, batch) + attended)))
    }
}
