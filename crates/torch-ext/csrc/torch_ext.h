// The C ABI between torch-ext's Rust face and its kernels.
//
// Tensors are `at::Tensor*`, as tch hands them out. A function that makes a tensor returns a new one, owned by the
// caller, or null after an error, which `torch_ext_last_error` then tells (of this thread).
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define TORCH_EXT_NOEXCEPT noexcept // without memory for a list of pieces the process ends
#else
#define TORCH_EXT_NOEXCEPT
#endif

typedef void *torch_ext_tensor;

const char *torch_ext_last_error(void);

// Bit 0: AVX512_BF16. Bit 1: AMX_BF16.
uint32_t torch_ext_cpu_features(void);

// The version of libtorch and the instruction set of its kernels: "2.13.0, AVX512".
const char *torch_ext_libtorch(void);

// x with each element zeroed with probability p, the others times 1 / (1 - p). Which ones is a function of (key, stream),
// on the CPU and the element's index alone. Differentiable in x.
torch_ext_tensor torch_ext_dropout(torch_ext_tensor x, double p, uint64_t key, uint64_t stream);

// Sets cast[i] to tensors[i], float32, in bfloat16: new tensors. Differentiable in those that require gradients. n > 0.
// 0, or 1 after an error, which makes no tensor.
int32_t torch_ext_as_bf16(const torch_ext_tensor *tensors, int64_t n, torch_ext_tensor *cast);

// Packed rows (n_rows, parts * heads * size) to zero-padded rectangles (parts, batch * heads, max_seqlen, size).
// cu_seqlens: (batch + 1), int64, on the CPU. Differentiable in rows.
torch_ext_tensor torch_ext_heads_from_rows(torch_ext_tensor rows, torch_ext_tensor cu_seqlens, int64_t max_seqlen,
                                           int64_t parts, int64_t heads);

// The way back: (parts, batch * heads, max_seqlen, size) to (n_rows, parts * heads * size); rows past the last
// sentence are zero. Differentiable in rectangles.
torch_ext_tensor torch_ext_rows_from_heads(torch_ext_tensor rectangles, torch_ext_tensor cu_seqlens, int64_t n_rows,
                                           int64_t heads);

// Whether `torch_ext_packed_attention` is there for the device and the kind of rows, and heads of this size.
int32_t torch_ext_packed_attention_runs(torch_ext_tensor rows, int64_t size);

// Attention of every query to the keys of its sentence. rows (n_rows, 3 * heads * size): queries, keys, values;
// cu_seqlens (batch + 1), int32, on their device, from 0 to n_rows by at most max_seqlen. The result: (n_rows, heads * size);
// with first_rows (batch), int64, else null, of those rows alone, the sentences' first: (batch, heads * size). Shares are
// dropped with probability p; which ones is a function of (key, stream). Differentiable in rows.
torch_ext_tensor torch_ext_packed_attention(torch_ext_tensor rows, torch_ext_tensor cu_seqlens, torch_ext_tensor first_rows,
                                            int64_t max_seqlen, int64_t heads, double p, uint64_t key, uint64_t stream);

// The encoder of a BERT on the CPU.
typedef struct torch_ext_encoder torch_ext_encoder;

typedef struct {
  int64_t layers, hidden, heads, intermediate, positions, token_types;
  int32_t activation; // 0: GELU, 1: its tanh approximation, 2: ReLU
  int32_t bf16;       // the precision of the products; else float32
  float layer_norm_eps;
} torch_ext_encoder_shape;

// Packed sentences. input_ids, position_ids: (n_rows), a multiple of 16; cu_seqlens: (batch + 1).
typedef struct {
  const int64_t *input_ids, *position_ids, *cu_seqlens;
  int64_t n_rows, batch;
} torch_ext_packed;

typedef struct {
  double hidden, attention;
  uint64_t key, stream;
} torch_ext_dropout_rates;

// Whether this machine has products of bfloat16 pairs (bf16 != 0) or of float32 for it.
int32_t torch_ext_encoder_runs(int32_t bf16);

// Null after an error.
torch_ext_encoder *torch_ext_encoder_new(const torch_ext_encoder_shape *shape);
void torch_ext_encoder_free(torch_ext_encoder *encoder);

// The bytes that it takes, with a forward and a backward pass over n_rows rows of `batch` sentences.
int64_t torch_ext_encoder_memory(torch_ext_encoder *encoder, int64_t n_rows, int64_t batch) TORCH_EXT_NOEXCEPT;

// The following return 0, or 1 after an error.
//
// Leaves are float32, contiguous: word, position and type tables, norm weight and bias; then of each layer query_key_value
// (3 hidden, hidden) and bias, output and bias, norm weight and bias, inner (intermediate, hidden) and bias, outer and bias,
// norm weight and bias. Biases, norms and tables are read where they are in every later pass; matrices are copied.
int32_t torch_ext_encoder_read_weights(torch_ext_encoder *encoder, const float *const *leaves);

// first (batch, hidden): the states of the first tokens. dropout: null to evaluate. keep: whether `backward` follows; the
// batch stays where it is until then.
int32_t torch_ext_encoder_forward(torch_ext_encoder *encoder, const torch_ext_packed *batch,
                                  const torch_ext_dropout_rates *dropout, int32_t keep, float *first);

// of_first (batch, hidden): the gradients of the last forward pass's result. gradients: of every leaf, null where it is not
// learned, written or (add) added to; the word table's is not written. of_words: set to the gradients of the tokens' word
// embeddings, (n_rows, hidden), until the next pass.
int32_t torch_ext_encoder_backward(torch_ext_encoder *encoder, const float *of_first, float *const *gradients, int32_t add,
                                   const float **of_words);

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
} torch_ext_run;

// Which formula: Adam with decoupled weight decay, Adam, gradient descent, gradient descent with momentum (beta1).
enum { TORCH_EXT_ADAMW = 0, TORCH_EXT_ADAM = 1, TORCH_EXT_SGD = 2, TORCH_EXT_SGD_MOMENTUM = 3 };

// The complements come from outside: 1 - 0.999f is 1.3e-5 off what 0.001f is.
typedef struct {
  int32_t kind;
  float beta1;
  float beta2;
  float one_minus_beta1;
  float one_minus_beta2;
  float eps;
  float bias_correction1;
  float bias_correction2_sqrt;
  float grad_scale;
} torch_ext_rule;

// One step over all runs in one pass over memory. Where `encoder` has a copy of a run's matrix, the copy follows; it may be
// null.
void torch_ext_update(const torch_ext_run *runs, int64_t n_runs, const torch_ext_rule *rule,
                      torch_ext_encoder *encoder) TORCH_EXT_NOEXCEPT;

// What changes of a rule from step to step.
typedef struct {
  float learning_rate;
  float bias_correction1;
  float bias_correction2_sqrt;
} torch_ext_past_step;

// Moves rows of a table by the steps that they have missed, as with gradients of zeros: row r, of `width` numbers, by the
// steps past[done[r]], .. past[n_past - 1]; done[r] becomes n_past. rows: each at most once.
void torch_ext_catch_up(const torch_ext_run *table, int64_t width, const int64_t *rows, int64_t n_rows, uint32_t *done,
                        const torch_ext_past_step *past, int64_t n_past,
                        const torch_ext_rule *rule) TORCH_EXT_NOEXCEPT;

// Tensors of one learning rate and weight decay with their optimizer state, on any device.
typedef struct {
  const torch_ext_tensor *params, *grads, *firsts, *seconds;
  int64_t n;
  double learning_rate, weight_decay;
} torch_ext_group;

// What `torch_ext_rule` says, for `torch_ext_update_group`.
typedef struct {
  int32_t kind;
  double beta1, beta2, eps;
  int64_t step; // from 1
  double grad_scale;
} torch_ext_group_rule;

// One step over a group by ATen's fused operators, with the formulas of `torch_ext_update`. Gradients may be scaled in place.
// 0, or 1 after an error.
int32_t torch_ext_update_group(const torch_ext_group *group, const torch_ext_group_rule *rule);

// The L2 norm over all tensors, of any device. 0, or 1 after an error.
int32_t torch_ext_norm(const torch_ext_tensor *tensors, int64_t n, double *norm);

// The sum of squares over all runs of gradients, in double precision, the same for every number of threads. The
// matrices that `encoder`'s last backward pass wrote are not read again, and nobody may have changed them since; it may be null.
double torch_ext_sum_of_squares(const float *const *grads, const int64_t *sizes, int64_t n_runs,
                                const torch_ext_encoder *encoder) TORCH_EXT_NOEXCEPT;

#ifdef __cplusplus
}
#endif
