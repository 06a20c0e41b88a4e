// Philox of sixteen counters at once.
//
// A product of two words has 64 bits, so that words lie in the lower halves of lanes of twice their size, those of even counters
// in one vector and those of odd ones in another. What the upper halves have matters to no product.
#pragma once

#include "cpu/base/convert.h"
#include "cpu/base/philox.h"

using WideWords = Native<uint64_t, PART_LANES / 2>::type;

// The products of the lower halves.
INLINE WideWords multiply_words(const WideWords &x, uint32_t factor) {
  const WideWords y = WideWords{} + factor;
#if defined(LEVEL_V4)
  return (WideWords)_mm512_maskz_mul_epu32(0xFF, (__m512i)x, (__m512i)y);
#elif defined(LEVEL_V3)
  return (WideWords)_mm256_mul_epu32((__m256i)x, (__m256i)y);
#elif defined(__x86_64__)
  return (WideWords)_mm_mul_epu32((__m128i)x, (__m128i)y);
#else
  return (x & 0xFFFFFFFF) * y;
#endif
}

// The four words of each counter, in the lower halves.
INLINE void philox_wide(uint64_t key, uint64_t rng_stream, const WideWords &counters, WideWords (&words)[4]) {
  WideWords c0 = counters, c1 = counters >> 32, c2 = WideWords{} + rng_stream, c3 = WideWords{} + (rng_stream >> 32);
  uint32_t k0 = uint32_t(key), k1 = uint32_t(key >> 32);
  _Pragma("GCC unroll 10") for (int round = 0; round < 10; ++round) {
    const WideWords p0 = multiply_words(c0, PHILOX_FACTOR_0), p1 = multiply_words(c2, PHILOX_FACTOR_1);
    c0 = (p1 >> 32) ^ c1 ^ k0, c1 = p1;
    c2 = (p0 >> 32) ^ c3 ^ k1, c3 = p0;
    k0 += PHILOX_STEP_0, k1 += PHILOX_STEP_1;
  }
  words[0] = c0, words[1] = c1, words[2] = c2, words[3] = c3;
}

// The same of the counters `block..block + 16`, in their order.
INLINE void philox_sixteen(uint64_t key, uint64_t rng_stream, uint64_t block, Words16 (&words)[4]) {
  WideWords evens{};
  for (int64_t i = 0; i < PART_LANES / 2; ++i) {
    evens[i] = 2 * uint64_t(i);
  }
  FOR_PARTS(p) {
    const WideWords counters = evens + (block + uint64_t(p * PART_LANES));
    WideWords even[4], odd[4];
    philox_wide(key, rng_stream, counters, even);
    philox_wide(key, rng_stream, counters + 1, odd);
    _Pragma("GCC unroll 4") for (int word = 0; word < 4; ++word) {
      words[word].parts[p] = (Words16::Part)((even[word] & 0xFFFFFFFF) | odd[word] << 32);
    }
  }
}
