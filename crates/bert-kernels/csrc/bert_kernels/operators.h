// Operators for autograd: dropout, linear layers, casts, attention over packed rows.
#pragma once

#include "bert_kernels/common.h"

BERT_KERNELS_BEGIN

// x, on the CPU, with each element zeroed with probability p, the others times 1 / (1 - p). Which ones is a function of
// (key, rng_stream) and the element's index alone. Differentiable in x.
bert_kernels_tensor bert_kernels_dropout(bert_kernels_tensor x, double p, uint64_t key, uint64_t rng_stream);

// x (n, n_in) times weight (n_out, n_in), plus bias (n_out): (n, n_out), float32 on the CPU, for a few rows. No bit depends on the
// number of threads. Differentiable in all three.
bert_kernels_tensor bert_kernels_linear(bert_kernels_tensor x, bert_kernels_tensor weight, bert_kernels_tensor bias);

// Sets cast[i] to tensors[i], float32, in bfloat16: new tensors. Differentiable in those that require gradients. n > 0.
// 0, or 1 after an error, which makes no tensor.
int32_t bert_kernels_as_bf16(const bert_kernels_tensor *tensors, int64_t n, bert_kernels_tensor *cast);

// Packed rows (n_rows, parts * heads * size) to zero-padded rectangles (parts, batch * heads, max_seqlen, size), on the CPU.
// cu_seqlens: (batch + 1), int64. Differentiable in rows.
bert_kernels_tensor bert_kernels_heads_from_rows(bert_kernels_tensor rows, bert_kernels_tensor cu_seqlens, int64_t max_seqlen,
                                                 int64_t parts, int64_t heads);

// The way back: (parts, batch * heads, max_seqlen, size) to (n_rows, parts * heads * size); rows past the last
// sentence are zero. Differentiable in rectangles.
bert_kernels_tensor bert_kernels_rows_from_heads(bert_kernels_tensor rectangles, bert_kernels_tensor cu_seqlens, int64_t n_rows,
                                                 int64_t heads);

// Whether `bert_kernels_packed_attention` is there for the device and the kind of rows, and heads of this size.
int32_t bert_kernels_packed_attention_runs(bert_kernels_tensor rows, int64_t size);

// p: the dropout of the probabilities, which the device's default generator draws.
typedef struct {
  int64_t max_seqlen, heads;
  double p;
} bert_kernels_attention_options;
BERT_KERNELS_SIZE(bert_kernels_attention_options, 24);

// Attention of every query to the keys of its sentence. rows (n_rows, 3 * heads * size): queries, keys, values;
// cu_seqlens (batch + 1), int32, on their device, from 0 to n_rows by at most max_seqlen. The result: (n_rows, heads * size);
// with first_rows (batch), int64, else null, of those rows alone, the sentences' first: (batch, heads * size). Differentiable
// in rows.
bert_kernels_tensor bert_kernels_packed_attention(bert_kernels_tensor rows, bert_kernels_tensor cu_seqlens,
                                                  bert_kernels_tensor first_rows,
                                                  const bert_kernels_attention_options *options);

// Seeds the default generator of the device of `like`, from which dropout is drawn there, as a function of (key, rng_stream). 0, or
// 1 after an error.
int32_t bert_kernels_seed_generator(bert_kernels_tensor like, uint64_t key, uint64_t rng_stream);

BERT_KERNELS_END
