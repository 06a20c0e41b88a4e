// The C ABI of what autograd operators call: the head's products, and dropout.

#include "cpu/bert/abi.h"
#include "cpu/ops/dropout_mask.h"
#include "cpu/ops/small_product.h"

namespace {

template <typename T> void drop_elements(const T *x, T *y, int64_t first_block, int64_t n, const DropoutMask &mask) {
  uint8_t keep[MASK_BLOCK];
  for (int64_t begin = 0; begin < n; begin += MASK_BLOCK) {
    draw_block(mask, 0, first_block + begin / MASK_BLOCK, keep);
    const int64_t end = std::min(MASK_BLOCK, n - begin);
    for (int64_t i = 0; i < end; i += LANES) {
      store(y + begin + i, load(x + begin + i, end - i) * (load_mask(keep + i) * mask.scale), end - i);
    }
  }
}

} // namespace

void multiply_small(const bert_kernels_product &it) noexcept {
  small_product({it.a, it.a_row, it.a_column}, {it.b, it.k, it.n}, {it.c, it.m, it.n});
}

void drop(const bert_kernels_dropped &it) noexcept {
  const DropoutMask mask = dropout_mask(it.p, it.key, it.rng_stream);
  if (it.is_bf16) {
    drop_elements(static_cast<const c10::BFloat16 *>(it.x), static_cast<c10::BFloat16 *>(it.y), it.first_block, it.n, mask);
  } else {
    drop_elements(static_cast<const float *>(it.x), static_cast<float *>(it.y), it.first_block, it.n, mask);
  }
}
