// The C ABI of the encoder.

#include "cpu/bert/abi.h"
#include "cpu/bert/encoder.h"
#include "process/last_error.h"

#include <array>

namespace {

// Tries products, of whole blocks and of what is left at their ends: what oneDNN cannot generate throws.
template <typename T> bool multiplies() {
  for (const auto [m, n, k] : {std::array<int64_t, 3>{64, 64, 64}, {16, 22, 48}}) {
    const std::vector<T> ones(std::max(m, n) * k, T(1.0f));
    std::vector<float> product(m * n);
    const Matrix<const T> a(ones.data(), m, k);
    const Panels<const T> b{ones.data(), k, n};
    const Matrix<float> c(product.data(), m, n);
    const int32_t status = catch_errors([&] { multiply_into(a, b, Write::Over, c); });
    if (status != 0 || product.front() != float(k) || product.back() != float(k)) {
      return false;
    }
  }
  return true;
}

// The same of bytes: whole numbers, which have to be exact. The largest do not fit into 16 bits in pairs.
bool multiplies_bytes() {
  constexpr int64_t N = 64;
  const std::vector<uint8_t> a(N * N, 255);
  const std::vector<int8_t> b(N * N, -127);
  std::vector<int32_t> product(N * N);
  const int32_t status = catch_errors([&] {
    const auto *right = reinterpret_cast<const signed char *>(b.data());
    at::native::cpublas::brgemm(N, N, N, N, N, N, false, a.data(), right, product.data(), true);
    at::native::cpublas::brgemm_release(true);
  });
  return status == 0 && product.front() == -N * 255 * 127 && product.back() == product.front();
}

} // namespace

int32_t encoder_runs(int32_t bf16) { return bf16 != 0 ? multiplies<c10::BFloat16>() : multiplies<float>(); }

bert_kernels_encoder *encoder_new(const bert_kernels_encoder_config *config) {
  AnyEncoder *encoder = nullptr;
  catch_errors([&] {
    if (config->bf16 != 0) {
      encoder = new Encoder<c10::BFloat16>(*config);
    } else {
      encoder = new Encoder<float>(*config);
    }
  });
  return reinterpret_cast<bert_kernels_encoder *>(encoder);
}

void encoder_free(bert_kernels_encoder *encoder) { delete opened(encoder); }

int64_t encoder_memory(bert_kernels_encoder *encoder, int64_t n_rows, int64_t batch) noexcept {
  return opened(encoder)->memory(n_rows, batch);
}

int32_t encoder_read_weights(bert_kernels_encoder *encoder, const bert_kernels_encoder_parameters *parameters) {
  return catch_errors([&] { opened(encoder)->read_weights(*parameters); });
}

int32_t encoder_forward(bert_kernels_encoder *encoder, const bert_kernels_packed_batch *batch,
                        const bert_kernels_encoder_dropout *dropout, int32_t keep, float *first) {
  return catch_errors([&] { opened(encoder)->forward(*batch, dropout, keep != 0, first); });
}

int32_t encoder_backward(bert_kernels_encoder *encoder, const float *dfirst, const bert_kernels_backward_options *options,
                         const bert_kernels_encoder_parameters *gradients, const float **dwords) {
  return catch_errors([&] { *dwords = opened(encoder)->backward(dfirst, *options, *gradients); });
}

void encoder_gradients_changed(bert_kernels_encoder *encoder) noexcept { opened(encoder)->gradients_changed(); }

int32_t int8_encoder_runs() { return multiplies_bytes(); }

bert_kernels_int8_encoder *int8_encoder_new(const bert_kernels_encoder_config *config,
                                            const bert_kernels_encoder_parameters *parameters) {
  Int8Encoder *encoder = nullptr;
  catch_errors([&] { encoder = new Int8Encoder(*config, *parameters); });
  return reinterpret_cast<bert_kernels_int8_encoder *>(encoder);
}

void int8_encoder_free(bert_kernels_int8_encoder *encoder) { delete opened(encoder); }

int32_t int8_encoder_forward(bert_kernels_int8_encoder *encoder, const bert_kernels_packed_batch *batch, float *first) {
  return catch_errors([&] { opened(encoder)->forward(*batch, first); });
}
