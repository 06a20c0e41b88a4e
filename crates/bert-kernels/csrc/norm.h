// Layer normalisation of rows, with the dropout and the residual that go with it.
#pragma once

#include "mask.h"
#include "matrix.h"

// Rows that are worked on while they are in the first cache.
constexpr int64_t CHUNK = 32;

// What the backward pass reads of a normalisation: the normalised rows (n, width) and the factor of each (n).
struct Normalised {
  float *rows;
  float *factors;
};

struct NormWeights {
  const float *weight, *bias;
  float eps;
};

// y = norm(residual + dropped(x)); x is null where the residual is all. All (n, width); `narrow` is y in the model's
// precision, and may be y itself. mask: of x; null where nothing is dropped.
template <typename T>
void add_and_normalise(const float *x, const float *residual, const Mask *mask, const NormWeights &weights, int64_t n,
                       int64_t width, const Normalised &kept, float *y, T *narrow);

// y = dropped(norm(rows)): the rows are those of `kept`, which the normalised ones replace.
template <typename T>
void normalise_and_drop(const Mask *mask, const NormWeights &weights, int64_t n, int64_t width, const Normalised &kept,
                        float *y, T *narrow);

// Sums over rows, chunk by chunk, so that they are the same for every number of threads: (chunks, width) each.
struct RowSums {
  float *weight, *bias;
};

// From the gradient of y to that of the sum, in place, for `add_and_normalise`. `dropped` (n, width) and its transpose
// (width, stride) get the gradient of x; `of_x` its sums over the rows of each chunk.
template <typename T>
void add_and_normalise_backward(float *gradient, const Mask *mask, const float *weight, int64_t n, int64_t width,
                                const Normalised &kept, const RowSums &sums, T *dropped, T *transposed, int64_t stride,
                                float *of_x);

// The same for `normalise_and_drop`.
void normalise_and_drop_backward(float *gradient, const Mask *mask, const float *weight, int64_t n, int64_t width,
                                 const Normalised &kept, const RowSums &sums);

// to (width) = the sum of `n_chunks` rows of `sums`, or that added to it.
void reduce(const float *sums, int64_t n_chunks, int64_t width, float *to, bool add);
