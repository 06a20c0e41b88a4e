// Which elements dropout keeps: a function of (key, stream, index) alone.
#pragma once

#include "internal.h"
#include "philox.h"
#include "simd.h"

// A block of elements that one loop draws: 4 words of each of 64 counters, laid out so that the loop vectorises.
constexpr int64_t MASK_COUNTERS = 64;
constexpr int64_t MASK_BLOCK = 4 * MASK_COUNTERS;

// The masks of one site of the model.
struct Mask {
  uint64_t key, stream;
  uint32_t threshold;
  float scale;
};

inline Mask mask_of(double p, uint64_t key, uint64_t stream) {
  const double words = 4294967296.0;
  return {key, stream, uint32_t(std::min(p * words, words - 1.0)), float(1.0 / (1.0 - p))};
}

// One where an element of the block is kept, else zero. `block` counts from the counter `first`.
INLINE void draw_block(const Mask &mask, uint64_t first, int64_t block, uint8_t *keep) {
  const uint64_t begin = first + uint64_t(block) * MASK_COUNTERS;
  for (int64_t counter = 0; counter < MASK_COUNTERS; ++counter) {
    const Words words = philox(mask.key, mask.stream, begin + uint64_t(counter));
    for (int64_t word = 0; word < 4; ++word) {
      keep[word * MASK_COUNTERS + counter] = words.w[word] >= mask.threshold;
    }
  }
}

// What drawing the elements `begin..begin + n` may write.
inline int64_t mask_room(int64_t n) { return n + 2 * MASK_BLOCK; }

// Draws the blocks that hold the elements `begin..begin + n` and returns where they begin in `keep`.
INLINE const uint8_t *draw(const Mask &mask, uint64_t first, int64_t begin, int64_t n, uint8_t *keep) {
  const int64_t first_block = begin / MASK_BLOCK;
  for (int64_t block = first_block; block * MASK_BLOCK < begin + n; ++block) {
    draw_block(mask, first, block, keep + (block - first_block) * MASK_BLOCK);
  }
  return keep + begin % MASK_BLOCK;
}
