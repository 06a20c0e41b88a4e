// The encoder's face to C.

#include "encoder.h"

#include "internal.h"

#include <array>

namespace {

// Tries products, of whole blocks and of what is left at their ends: what oneDNN cannot generate throws.
template <typename T> bool multiplies() {
  for (const auto [m, n, k] : {std::array<int64_t, 3>{64, 64, 64}, {16, 22, 48}}) {
    const std::vector<T> ones(std::max(m, n) * k, T(1.0f));
    std::vector<float> product(m * n);
    const auto multiply = [&, m = m, n = n, k = k] { multiply_into(ones.data(), k, ones.data(), m, n, k, product.data(), false); };
    if (told(multiply) != 0 || product.front() != float(k) || product.back() != float(k)) {
      return false;
    }
  }
  return true;
}

} // namespace

int32_t bert_kernels_encoder_runs(int32_t bf16) { return bf16 != 0 ? multiplies<c10::BFloat16>() : multiplies<float>(); }

bert_kernels_encoder *bert_kernels_encoder_new(const bert_kernels_encoder_shape *shape) {
  bert_kernels_encoder *made = nullptr;
  told([&] {
    if (shape->bf16 != 0) {
      made = new Encoder<c10::BFloat16>(*shape);
    } else {
      made = new Encoder<float>(*shape);
    }
  });
  return made;
}

void bert_kernels_encoder_free(bert_kernels_encoder *encoder) { delete encoder; }

int64_t bert_kernels_encoder_memory(bert_kernels_encoder *encoder, int64_t n_rows, int64_t batch) noexcept {
  return encoder->memory(n_rows, batch);
}

int32_t bert_kernels_encoder_read_weights(bert_kernels_encoder *encoder, const float *const *leaves) {
  return told([&] { encoder->read_weights(leaves); });
}

int32_t bert_kernels_encoder_forward(bert_kernels_encoder *encoder, const bert_kernels_packed *batch,
                                  const bert_kernels_dropout_rates *dropout, int32_t keep, float *first) {
  return told([&] { encoder->forward(*batch, dropout, keep != 0, first); });
}

int32_t bert_kernels_encoder_backward(bert_kernels_encoder *encoder, const float *of_first, float *const *gradients, int32_t add,
                                   const float **of_words) {
  return told([&] { *of_words = encoder->backward(of_first, gradients, add != 0); });
}
