// Embedding lookups, and rows gathered from and scattered into a matrix.
//
//   y[i] = word[input_ids[i]] + position[position_ids[i]] + token_type[0]
//
// The gradient of y is that of each of the three rows; `scatter_add_rows` adds it to a table's gradient.
#pragma once

#include "cpu/base/matrix.h"

// (vocab_size, hidden), (max_position_embeddings, hidden), (type_vocab_size, hidden). Sentence pairs are not supported: every
// token has the first type.
struct EmbeddingTables {
  const float *word, *position, *token_type;
};

// y (n, hidden): the sum of the three rows of each token.
void embedding_forward(const EmbeddingTables &tables, const int64_t *input_ids, const int64_t *position_ids, Matrix<float> y);

// y[i] = x[index[i]] for i < n, zeros in the rows of y behind.
template <typename T> void gather_rows(Matrix<const T> x, const int64_t *index, int64_t n, Matrix<T> y);

// y[index[i]] += x[i] for every row of x, one after the other.
void scatter_add_rows(Matrix<const float> x, const int64_t *index, Matrix<float> y);
