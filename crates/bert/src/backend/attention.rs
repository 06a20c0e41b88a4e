//! Self-attention of packed sentences.

use checkpoint::BertConfig;
use tch::{Kind, Tensor};

use crate::encoder::Rows;
use crate::layers::{LayerNorm, Linear, Operands};
use crate::{Batch, BertError, Mode};

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
    pub(crate) fn new(operands: &Operands, path: &str, config: &BertConfig) -> Self {
        Self {
            query_key_value: Linear::new(operands, &format!("{path}.self.query")),
            output: Linear::new(operands, &format!("{path}.output.dense")),
            norm: LayerNorm::new(operands.parameters, &format!("{path}.output.LayerNorm"), config.layer_norm_eps),
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
        let projected = self.query_key_value.forward(states); // (n_rows, 3 * hidden)
        let context = if bert_kernels::packed_attention_runs(&projected, self.head_size) {
            self.packed_context(&projected, batch, rows, mode, site)?
        } else {
            self.context_of_rectangles(&projected, batch, rows, mode, site)?
        };
        let attended = mode.drop_hidden(&self.output.forward(&context), site + 1)?;
        Ok(self.norm.forward(&(rows.of(states, batch) + attended)))
    }

    /// What each query sees, `(rows, hidden)`, by a kernel that knows where sentences begin.
    fn packed_context(
        &self,
        projected: &Tensor,
        batch: &Batch,
        rows: Rows,
        mode: Mode,
        site: u64,
    ) -> Result<Tensor, BertError> {
        let first_rows = matches!(rows, Rows::First).then_some(&batch.first_rows);
        let (cu_seqlens, dropout) = (batch.cu_seqlens_there(), mode.dropped_shares(site));
        Ok(bert_kernels::packed_attention(projected, cu_seqlens, first_rows, batch.max_seqlen, self.heads, dropout)?)
    }

    /// The same by plain products over sentences padded to the longest.
    fn context_of_rectangles(
        &self,
        projected: &Tensor,
        batch: &Batch,
        rows: Rows,
        mode: Mode,
        site: u64,
    ) -> Result<Tensor, BertError> {
        let (n_rows, hidden) = (projected.size()[0], self.heads * self.head_size);
        let parts = bert_kernels::heads_from_rows(projected, &batch.cu_seqlens, batch.max_seqlen, 3, self.heads)?;
        let (mut query, key, value) = (parts.get(0), parts.get(1), parts.get(2)); // (batch * heads, max_seqlen, head_size)
        if matches!(rows, Rows::First) {
            query = query.narrow(1, 0, 1);
        }
        let kind = query.kind();
        let scale = 1.0 / (self.head_size as f64).sqrt();
        let bias = batch.key_bias(self.heads, kind);
        let scores = bias.baddbmm(&query, &key.transpose(1, 2), 1.0, scale); // (batch * heads, queries, max_seqlen)
        let shares = mode.drop_attention(&scores.softmax(-1, Kind::Float).to_kind(kind), site)?;
        let context = shares.bmm(&value); // (batch * heads, queries, head_size)
        Ok(match rows {
            Rows::All => bert_kernels::rows_from_heads(&context.unsqueeze(0), &batch.cu_seqlens, n_rows, self.heads)?,
            Rows::First => context.reshape([batch.len(), hidden]),
        })
    }
}
