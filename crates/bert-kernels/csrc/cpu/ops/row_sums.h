// Sums over rows in two levels, chunk by chunk, so that they are the same for every number of threads.
#pragma once

#include "cpu/base/matrix.h"

// Rows of a chunk: worked on while they are in the second cache, and as many as `transpose_rows` takes. src/encoder_memory.rs counts
// with it.
constexpr int64_t CHUNK = 32;

// total (width) = the sum of the rows of sums (chunks, width), one after the other; or total += that sum.
void add_chunks(Matrix<const float> sums, bool add, float *total);
