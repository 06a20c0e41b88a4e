#include "cpu/ops/dropout_mask.h"
#include "reference.h"
#include "test.h"

namespace {

bool is(const Words &words, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return words.w[0] == a && words.w[1] == b && words.w[2] == c && words.w[3] == d;
}

// The known answers of Random123's distribution (kat_vectors: philox4x32 10).
TEST(philox_gives_the_known_answers) {
  EXPECT(is(philox(0, 0, 0), 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  EXPECT(is(philox(~uint64_t(0), ~uint64_t(0), ~uint64_t(0)), 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
}

const uint8_t *draw_range(const DropoutMask &mask, uint64_t first, int64_t begin, int64_t n, uint8_t *keep) {
  return draw(mask, first, begin, n, keep);
}

// Forward: every element has the word of its own counter. Backward: any range that is drawn again has the same elements.
TEST(dropout_mask_is_a_function_of_the_index) {
  const DropoutMask mask = dropout_mask(0.25, 42, 7);
  const int64_t n = 3 * MASK_BLOCK + 11;
  const uint64_t first = uint64_t(5) << 32;
  std::vector<uint8_t> whole(mask_bytes(n)), part(mask_bytes(n));
  const uint8_t *all = draw_range(mask, first, 0, n, whole.data());
  for (int64_t i = 0; i < n; ++i) {
    const int64_t in_block = i % MASK_BLOCK, counter = i / MASK_BLOCK * MASK_COUNTERS + in_block % MASK_COUNTERS;
    const uint32_t word = philox(42, 7, first + uint64_t(counter)).w[in_block / MASK_COUNTERS];
    EXPECT(all[i] == (word >= mask.threshold));
  }
  for (const int64_t begin : {1, 17, 255, 256, 700}) {
    const uint8_t *again = draw_range(mask, first, begin, n - begin, part.data());
    EXPECT(std::equal(again, again + n - begin, all + begin));
  }
}

// y = keep / (1 - p) x: the mean stays. Six standard deviations.
TEST(dropout_mask_keeps_the_mean) {
  const int64_t n = 1 << 20;
  for (const double p : {0.0, 0.1, 0.5, 0.9}) {
    const DropoutMask mask = dropout_mask(p, 1, 2);
    std::vector<uint8_t> keep(mask_bytes(n));
    draw_range(mask, 0, 0, n, keep.data());
    double kept = 0;
    for (int64_t i = 0; i < n; ++i) {
      kept += keep[i];
    }
    EXPECT(std::abs(kept / n - (1.0 - p)) <= 6 * std::sqrt(p * (1.0 - p) / n));
    EXPECT(std::abs(mask.scale * (1.0 - p) - 1.0) < 1e-6);
  }
}

} // namespace
