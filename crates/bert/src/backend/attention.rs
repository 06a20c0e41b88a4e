//! Self-attention of packed sentences by libtorch's operators, with the residual and LayerNorm behind it.

use bert_kernels::PackedAttentionOptions;
use checkpoint::BertConfig;
use tch::{Kind, Tensor};

use crate::batch::{Batch, OutputRows};
use crate::dropout::LayerSites;
use crate::error::BertError;
use crate::layers::{LayerNorm, Linear, Operands};
use crate::mode::Mode;

/// Attention of every token to its own sentence.
#[derive(Debug)]
pub(crate) struct Attention {
    query_key_value: Linear,
    output: Linear,
    layer_norm: LayerNorm,
    heads: i64,
    head_size: i64,
    sites: LayerSites,
}

impl Attention {
    pub(crate) fn new(operands: &Operands, path: &str, config: &BertConfig, sites: LayerSites) -> Self {
        let layer_norm = format!("{path}.output.LayerNorm");
        Self {
            query_key_value: Linear::new(operands, &format!("{path}.self.query")),
            output: Linear::new(operands, &format!("{path}.output.dense")),
            layer_norm: LayerNorm::new(operands.parameters, &layer_norm, config.layer_norm_eps),
            heads: config.num_attention_heads as i64,
            head_size: config.head_size() as i64,
            sites,
        }
    }

    /// `hidden_states`: `(n_rows, hidden)` of the whole batch. The result is of `rows`.
    pub(crate) fn forward(
        &self,
        hidden_states: &Tensor,
        batch: &Batch,
        rows: OutputRows,
        mode: Mode,
    ) -> Result<Tensor, BertError> {
        let projected = self.query_key_value.forward(hidden_states); // (n_rows, 3 * hidden)
        let context = if bert_kernels::packed_attention_runs(&projected, self.head_size) {
            self.packed_context(&projected, batch, rows, mode)?
        } else {
            self.padded_context(&projected, batch, rows, mode)?
        };
        let attended = mode.drop_hidden(&self.output.forward(&context), self.sites.attention_output)?;
        Ok(self.layer_norm.forward(&(batch.select(rows, hidden_states) + attended)))
    }

    /// The context `(rows, hidden)` by a kernel that knows where sentences begin.
    fn packed_context(
        &self,
        projected: &Tensor,
        batch: &Batch,
        rows: OutputRows,
        mode: Mode,
    ) -> Result<Tensor, BertError> {
        let cls_rows = matches!(rows, OutputRows::Cls).then_some(&batch.cls_rows);
        let dropout = mode.attention_dropout();
        let options = PackedAttentionOptions { max_seqlen: batch.max_seqlen, heads: self.heads, dropout };
        Ok(bert_kernels::packed_attention(projected, batch.device_cu_seqlens(), cls_rows, options)?)
    }

    /// The same by plain products over sentences padded to the longest.
    fn padded_context(
        &self,
        projected: &Tensor,
        batch: &Batch,
        rows: OutputRows,
        mode: Mode,
    ) -> Result<Tensor, BertError> {
        let padded = self.heads_from_rows(projected, batch)?;
        let (mut query, key, value) = (padded.get(0), padded.get(1), padded.get(2)); // (batch * heads, max_seqlen, head_size)
        if matches!(rows, OutputRows::Cls) {
            query = query.narrow(1, 0, 1);
        }
        let kind = query.kind();
        let scale = 1.0 / (self.head_size as f64).sqrt();
        let bias = batch.key_bias(self.heads, kind);
        let scores = bias.baddbmm(&query, &key.transpose(1, 2), 1.0, scale); // (batch * heads, queries, max_seqlen)
        let probabilities = scores.softmax(-1, Kind::Float).to_kind(kind);
        let probabilities = mode.drop_attention(&probabilities, self.sites.attention_probs)?;
        let context = probabilities.bmm(&value); // (batch * heads, queries, head_size)
        Ok(match rows {
            OutputRows::All => self.rows_from_heads(&context, batch)?,
            OutputRows::Cls => context.reshape([batch.len(), self.heads * self.head_size]),
        })
    }

    /// Queries, keys and values `(n_rows, 3 * hidden)` as `(3, batch * heads, max_seqlen, head_size)`, zero where a sentence is
    /// shorter.
    fn heads_from_rows(&self, projected: &Tensor, batch: &Batch) -> Result<Tensor, BertError> {
        let Some(index) = batch.padded_index() else {
            let (cu_seqlens, max_seqlen) = (&batch.cu_seqlens, batch.max_seqlen);
            return Ok(bert_kernels::heads_from_rows(projected, cu_seqlens, max_seqlen, 3, self.heads)?);
        };
        let (n, max_seqlen) = (batch.len(), batch.max_seqlen);
        let cells = Tensor::zeros([n * max_seqlen, projected.size()[1]], (projected.kind(), projected.device()));
        Ok(cells
            .index_copy(0, index, projected)
            .view([n, max_seqlen, 3, self.heads, self.head_size])
            .permute([2, 0, 3, 1, 4])
            .reshape([3, n * self.heads, max_seqlen, self.head_size]))
    }

    /// The way back, `(batch * heads, max_seqlen, head_size)` to `(n_rows, hidden)`.
    fn rows_from_heads(&self, context: &Tensor, batch: &Batch) -> Result<Tensor, BertError> {
        let Some(index) = batch.padded_index() else {
            let (cu_seqlens, n_rows) = (&batch.cu_seqlens, batch.n_rows());
            return Ok(bert_kernels::rows_from_heads(&context.unsqueeze(0), cu_seqlens, n_rows, self.heads)?);
        };
        let (n, max_seqlen) = (batch.len(), batch.max_seqlen);
        Ok(context
            .view([n, self.heads, max_seqlen, self.head_size])
            .permute([0, 2, 1, 3])
            .reshape([n * max_seqlen, self.heads * self.head_size])
            .index_select(0, index))
    }
}
