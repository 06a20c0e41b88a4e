// Updates of parameters, deferred rows, the norm of gradients and clipping.
#pragma once

#include "bert_kernels/encoder.h"

BERT_KERNELS_BEGIN

// A run of float32 parameters with their optimizer state. grad may be null: a gradient of zeros. first and second are
// the moments; those that the rule does not have are null.
typedef struct {
  float *param;
  const float *grad;
  float *first;
  float *second;
  int64_t n;
  float learning_rate;
  float weight_decay;
} bert_kernels_run;
BERT_KERNELS_SIZE(bert_kernels_run, 48);

// An update rule in one step, from 1. kind: one of `cpu/ops/optimizer.h`; the momentum of SGD is beta1. The bias corrections
// are those of this step.
typedef struct {
  int32_t kind;
  double beta1, beta2, eps;
  int64_t step;
  double grad_scale;
  float bias_correction1, bias_correction2_sqrt;
} bert_kernels_rule;
BERT_KERNELS_SIZE(bert_kernels_rule, 56);

// One step over all runs in one pass over memory. Where `encoder` has a copy of a run's matrix, the copy follows; it may be
// null.
void bert_kernels_update(const bert_kernels_run *runs, int64_t n_runs, const bert_kernels_rule *rule,
                         bert_kernels_encoder *encoder) BERT_KERNELS_NOEXCEPT;

// What changes of a rule from step to step.
typedef struct {
  float learning_rate;
  float bias_correction1;
  float bias_correction2_sqrt;
} bert_kernels_past_step;
BERT_KERNELS_SIZE(bert_kernels_past_step, 12);

// Rows of a table that have missed steps: row r has taken done[r] of the steps past[0], .. past[n_past - 1]. rows: each at
// most once.
typedef struct {
  const int64_t *rows;
  int64_t n_rows;
  uint32_t *done;
  const bert_kernels_past_step *past;
  int64_t n_past;
} bert_kernels_deferred_rows;
BERT_KERNELS_SIZE(bert_kernels_deferred_rows, 40);

// Takes the steps that the rows, of `width` numbers each, have missed, as with gradients of zeros; done[r] becomes n_past.
void bert_kernels_apply_deferred(const bert_kernels_run *table, int64_t width, const bert_kernels_deferred_rows *deferred,
                                 const bert_kernels_rule *rule) BERT_KERNELS_NOEXCEPT;

// Tensors of one learning rate and weight decay with their optimizer state, on any device. learning_rate: a float32 scalar there.
typedef struct {
  const bert_kernels_tensor *params, *grads, *firsts, *seconds;
  int64_t n;
  bert_kernels_tensor learning_rate;
  double weight_decay;
} bert_kernels_group;
BERT_KERNELS_SIZE(bert_kernels_group, 56);

// What of a step is read from the device, float32 scalars: its number, from 1; by what the gradients are divided; whether
// nothing is to be done (1) or not (0). The last two may be null.
typedef struct {
  bert_kernels_tensor step, divisor, is_skipped;
} bert_kernels_group_step;
BERT_KERNELS_SIZE(bert_kernels_group_step, 24);

// One step over a group by ATen's fused operators, with the formulas of `bert_kernels_update`; of `rule` only the kind and the
// constants. Gradients may be scaled in place. 0, or 1 after an error.
int32_t bert_kernels_update_group(const bert_kernels_group *group, const bert_kernels_rule *rule,
                                  const bert_kernels_group_step *step);

// What clipping reads, `losses`, any shape, and what it writes, scalars: the norm, float64; the divisor of the gradients, and
// whether the norm or a loss is not finite, float32.
typedef struct {
  bert_kernels_tensor losses, norm, divisor, is_skipped;
} bert_kernels_clipping;
BERT_KERNELS_SIZE(bert_kernels_clipping, 32);

// Clipping by the global norm as PyTorch's `clip_grad_norm_`, for `bert_kernels_update_group`, on the device; max_norm 0 never
// clips. 0, or 1 after an error.
int32_t bert_kernels_clip(const bert_kernels_tensor *grads, int64_t n, double max_norm, const bert_kernels_clipping *clipping);

// sums[i] = values[i], or (add != 0) += values[i]. 0, or 1 after an error.
int32_t bert_kernels_accumulate(const bert_kernels_tensor *sums, const bert_kernels_tensor *values, int64_t n, int32_t add);

// The L2 norm over all tensors, of any device. 0, or 1 after an error.
int32_t bert_kernels_norm(const bert_kernels_tensor *tensors, int64_t n, double *norm);

// The sum of squares over all runs of gradients, in double precision, the same for every number of threads. The matrices
// that `encoder`'s last backward pass wrote are not read again, and nobody may have changed them since; it may be null.
double bert_kernels_sum_of_squares(const float *const *grads, const int64_t *sizes, int64_t n_runs,
                                   const bert_kernels_encoder *encoder) BERT_KERNELS_NOEXCEPT;

// After somebody has changed the gradients that the encoder's last backward pass wrote: adds their squares up again, as that
// pass did, so that `bert_kernels_sum_of_squares` is right, to the bit.
void bert_kernels_encoder_gradients_changed(bert_kernels_encoder *encoder) BERT_KERNELS_NOEXCEPT;

BERT_KERNELS_END
