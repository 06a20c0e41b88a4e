// Dropout masks from counters: which elements are kept is a function of (key, rng_stream, index) alone, so that a backward
// pass draws the mask of its forward pass again.
//
//   y[i] = keep[i] / (1 - p) x[i],  dx[i] = keep[i] / (1 - p) dy[i],  keep[i] = (word of Philox at i) >= p 2^32
#pragma once

#include "cpu/base/philox_vector.h"
#include "cpu/base/simd.h"

// A block of elements that one loop draws: the 4 words of each of 64 counters (four vectors of AVX-512), all first words
// before all second ones.
constexpr int64_t MASK_COUNTERS = 64;
constexpr int64_t MASK_BLOCK = 4 * MASK_COUNTERS;

// The mask of one dropout of the model.
struct DropoutMask {
  uint64_t key, rng_stream;
  uint32_t threshold;
  float scale;
};

inline DropoutMask dropout_mask(double p, uint64_t key, uint64_t rng_stream) {
  const double words = 4294967296.0;
  return {key, rng_stream, uint32_t(std::min(p * words, words - 1.0)), float(1.0 / (1.0 - p))};
}

// keep: 1 where an element of the block is kept, else 0. `block` counts from the counter `first`.
INLINE void draw_block(const DropoutMask &mask, uint64_t first, int64_t block, uint8_t *keep) {
  const DropoutMask of = mask; // bytes that are stored might be those of `mask`
  const uint64_t begin = first + uint64_t(block) * MASK_COUNTERS;
  for (int64_t counter = 0; counter < MASK_COUNTERS; counter += LANES) {
    Words16 words[4];
    philox_sixteen(of.key, of.rng_stream, begin + uint64_t(counter), words);
    for (int64_t word = 0; word < 4; ++word) {
      const Ints kept = (words[word] >= of.threshold) & 1;
      store_vector(keep + word * MASK_COUNTERS + counter, converted<uint8_t>(kept));
    }
  }
}

// Bytes that drawing the elements `begin..begin + n` may write.
inline int64_t mask_bytes(int64_t n) { return n + 2 * MASK_BLOCK; }

// Draws the blocks that hold the elements `begin..begin + n` and returns the address of the first of them in `keep`.
INLINE const uint8_t *draw(const DropoutMask &mask, uint64_t first, int64_t begin, int64_t n, uint8_t *keep) {
  const int64_t first_block = begin / MASK_BLOCK;
  for (int64_t block = first_block; block * MASK_BLOCK < begin + n; ++block) {
    draw_block(mask, first, block, keep + (block - first_block) * MASK_BLOCK);
  }
  return keep + begin % MASK_BLOCK;
}
