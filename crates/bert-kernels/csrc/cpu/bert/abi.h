// What stands behind the functions of bert_kernels.h that are compiled for each level of the instruction set.
#pragma once

#include "bert_kernels.h"
#include "cpu/bert/encoder.h"

inline AnyEncoder *opened(bert_kernels_encoder *encoder) { return reinterpret_cast<AnyEncoder *>(encoder); }
inline const AnyEncoder *opened(const bert_kernels_encoder *encoder) { return reinterpret_cast<const AnyEncoder *>(encoder); }

int32_t encoder_runs(int32_t bf16);
bert_kernels_encoder *encoder_new(const bert_kernels_encoder_config *config);
void encoder_free(bert_kernels_encoder *encoder);
int64_t encoder_memory(bert_kernels_encoder *encoder, int64_t n_rows, int64_t batch) noexcept;
int32_t encoder_read_weights(bert_kernels_encoder *encoder, const bert_kernels_encoder_parameters *parameters);
int32_t encoder_forward(bert_kernels_encoder *encoder, const bert_kernels_packed_batch *batch,
                        const bert_kernels_encoder_dropout *dropout, int32_t keep, float *first);
int32_t encoder_backward(bert_kernels_encoder *encoder, const float *dfirst, int32_t add,
                         const bert_kernels_encoder_parameters *gradients, const float **dwords);

void update(const bert_kernels_run *runs, int64_t n_runs, const bert_kernels_rule *rule, bert_kernels_encoder *of_runs) noexcept;
void apply_deferred(const bert_kernels_run *table, int64_t width, const bert_kernels_deferred_rows *deferred,
                    const bert_kernels_rule *rule) noexcept;
double sum_of_squares(const float *const *grads, const int64_t *sizes, int64_t n_runs,
                      const bert_kernels_encoder *of_grads) noexcept;
