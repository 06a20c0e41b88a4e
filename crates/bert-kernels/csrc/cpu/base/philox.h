// Philox 4x32-10 random numbers (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): four 32-bit words from
// a 128-bit counter and a 64-bit key, with no state between calls.
#pragma once

#include <stdint.h>

constexpr uint32_t PHILOX_FACTOR_0 = 0xD2511F53, PHILOX_FACTOR_1 = 0xCD9E8D57;
constexpr uint32_t PHILOX_STEP_0 = 0x9E3779B9, PHILOX_STEP_1 = 0xBB67AE85;

struct Words {
  uint32_t w[4];
};

static inline Words philox(uint64_t key, uint64_t rng_stream, uint64_t block) {
  uint32_t c0 = uint32_t(block), c1 = uint32_t(block >> 32), c2 = uint32_t(rng_stream), c3 = uint32_t(rng_stream >> 32);
  uint32_t k0 = uint32_t(key), k1 = uint32_t(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t(PHILOX_FACTOR_0) * c0;
    const uint64_t p1 = uint64_t(PHILOX_FACTOR_1) * c2;
    c0 = uint32_t(p1 >> 32) ^ c1 ^ k0;
    c1 = uint32_t(p1);
    c2 = uint32_t(p0 >> 32) ^ c3 ^ k1;
    c3 = uint32_t(p0);
    k0 += PHILOX_STEP_0;
    k1 += PHILOX_STEP_1;
  }
  return {{c0, c1, c2, c3}};
}
