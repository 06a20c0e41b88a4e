// Scaled dot-product attention (Vaswani et al. 2017) of packed sentences, each to itself: no rectangle is built, and nothing
// of quadratic size is kept.
//
//   S = q k^T / sqrt(size),  P = softmax(S),  D = dropout(P),  y = D v
//   dv = D^T dy,  dD = dy v^T,  dP = dropout(dD),  dS = P (dP - sum of P dP over the row),  dq = dS k / sqrt(size),
//   dk = dS^T q / sqrt(size)
//
// for each head of each sentence. Operands are T (float32 or bfloat16), everything between them float32.
#pragma once

#include "cpu/base/matrix.h"
#include "cpu/ops/dropout_mask.h"

// Columns of one matrix or of several: head h of a row begins at column h * size of each.
template <typename T> struct QueryKeyValue {
  Matrix<T> query, key, value;
  operator QueryKeyValue<const T>() const { return {query, key, value}; }
};

struct AttentionOptions {
  const int64_t *cu_seqlens; // the offsets of the sentences, and the end of the last one: (batch + 1)
  int64_t batch, heads, size;
  bool cls_only;           // only each sentence's first token has a query: row b of the queries is that of sentence b
  const DropoutMask *mask; // of the probabilities; null where nothing is dropped
};

// y (n_queries, heads * size). softmax_stats (n_queries, 2 heads): of each head the maximum and the inverse of the sum of its
// softmax.
template <typename T>
void attention_forward(const AttentionOptions &options, QueryKeyValue<const T> x, Matrix<T> y, Matrix<float> softmax_stats);

// y = dropout(softmax(q k^T / sqrt(size))) v: the gradients of q, k and v, by the formulas above. The probabilities are
// computed again from the statistics.
template <typename T>
void attention_backward(const AttentionOptions &options, QueryKeyValue<const T> x, Matrix<const T> dy,
                        Matrix<const float> softmax_stats, QueryKeyValue<T> dx);
