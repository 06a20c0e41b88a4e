// The C ABI of the encoder and the optimizer, by the kernels of the highest level that this machine has.
#include "cpu/cpu_kernels.h"

#if defined(ONE_LEVEL)
extern const CpuKernels cpu_kernels;
#else
namespace base {
extern const CpuKernels cpu_kernels;
}
#if defined(LEVELS_OF_X86_64)
namespace v3 {
extern const CpuKernels cpu_kernels;
}
namespace v4 {
extern const CpuKernels cpu_kernels;
}
#endif
#endif

namespace {

const CpuKernels &highest_level() {
#if defined(ONE_LEVEL)
  return cpu_kernels;
#else
#if defined(LEVELS_OF_X86_64)
  if (__builtin_cpu_supports("x86-64-v4")) {
    return v4::cpu_kernels;
  }
  if (__builtin_cpu_supports("x86-64-v3")) {
    return v3::cpu_kernels;
  }
#endif
  return base::cpu_kernels;
#endif
}

const CpuKernels &kernels() {
  static const CpuKernels &highest = highest_level();
  return highest;
}

} // namespace

int32_t bert_kernels_encoder_runs(int32_t bf16) { return kernels().encoder_runs(bf16); }

bert_kernels_encoder *bert_kernels_encoder_new(const bert_kernels_encoder_config *config) {
  return kernels().encoder_new(config);
}

void bert_kernels_encoder_free(bert_kernels_encoder *encoder) { kernels().encoder_free(encoder); }

int64_t bert_kernels_encoder_memory(bert_kernels_encoder *encoder, int64_t n_rows, int64_t batch) noexcept {
  return kernels().encoder_memory(encoder, n_rows, batch);
}

int32_t bert_kernels_encoder_read_weights(bert_kernels_encoder *encoder, const bert_kernels_encoder_parameters *parameters) {
  return kernels().encoder_read_weights(encoder, parameters);
}

int32_t bert_kernels_encoder_forward(bert_kernels_encoder *encoder, const bert_kernels_packed_batch *batch,
                                     const bert_kernels_encoder_dropout *dropout, int32_t keep, float *first) {
  return kernels().encoder_forward(encoder, batch, dropout, keep, first);
}

int32_t bert_kernels_encoder_backward(bert_kernels_encoder *encoder, const float *dfirst,
                                      const bert_kernels_backward_options *options,
                                      const bert_kernels_encoder_parameters *gradients, const float **dwords) {
  return kernels().encoder_backward(encoder, dfirst, options, gradients, dwords);
}

void bert_kernels_encoder_gradients_changed(bert_kernels_encoder *encoder) noexcept {
  kernels().encoder_gradients_changed(encoder);
}

int32_t bert_kernels_int8_encoder_runs() { return kernels().int8_encoder_runs(); }

bert_kernels_int8_encoder *bert_kernels_int8_encoder_new(const bert_kernels_encoder_config *config,
                                                         const bert_kernels_encoder_parameters *parameters) {
  return kernels().int8_encoder_new(config, parameters);
}

void bert_kernels_int8_encoder_free(bert_kernels_int8_encoder *encoder) { kernels().int8_encoder_free(encoder); }

int32_t bert_kernels_int8_encoder_forward(bert_kernels_int8_encoder *encoder, const bert_kernels_packed_batch *batch,
                                          float *first) {
  return kernels().int8_encoder_forward(encoder, batch, first);
}

void bert_kernels_update(const bert_kernels_run *runs, int64_t n_runs, const bert_kernels_rule *rule,
                         bert_kernels_encoder *encoder) noexcept {
  kernels().update(runs, n_runs, rule, encoder);
}

void bert_kernels_apply_deferred(const bert_kernels_run *table, int64_t width, const bert_kernels_deferred_rows *deferred,
                                 const bert_kernels_rule *rule) noexcept {
  kernels().apply_deferred(table, width, deferred, rule);
}

double bert_kernels_sum_of_squares(const float *const *grads, const int64_t *sizes, int64_t n_runs,
                                   const bert_kernels_encoder *encoder) noexcept {
  return kernels().sum_of_squares(grads, sizes, n_runs, encoder);
}

void bert_kernels_multiply_small(const bert_kernels_product &product) noexcept { kernels().multiply_small(product); }

void bert_kernels_drop(const bert_kernels_dropped &dropped) noexcept { kernels().drop(dropped); }
