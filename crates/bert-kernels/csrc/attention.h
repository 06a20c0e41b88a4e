// Attention of packed sentences, each to itself: no rectangle is built, and nothing of quadratic size is kept.
#pragma once

#include "mask.h"

// Rows of one matrix that attention reads or writes: the head h of a row begins at column h * size.
template <typename T> struct Rows {
  T *data;
  int64_t stride;
};

// Which sentences, and how they attend.
struct Attending {
  // Where sentences begin, and where the last one ends: (batch + 1).
  const int64_t *starts;
  int64_t batch, heads, size;
  // Whether only the first token of each sentence asks: row b of the queries is then that of sentence b.
  bool first_only;
  // Of the probabilities; null where nothing is dropped.
  const Mask *mask;
};

// context = dropped(softmax(q k^T / sqrt(size))) v for each head of each sentence. `stats`: the maximum and the inverse of
// the sum of every softmax, (rows, heads, 2).
template <typename T>
void attend(const Attending &how, Rows<const T> query, Rows<const T> key, Rows<const T> value, Rows<T> context, float *stats);

// The gradients of query, key and value from that of the context.
template <typename T>
void attend_backward(const Attending &how, Rows<const T> query, Rows<const T> key, Rows<const T> value,
                     Rows<const T> of_context, const float *stats, Rows<T> of_query, Rows<T> of_key, Rows<T> of_value);
