// The C ABI of bert-kernels: what its Rust side (src/ffi.rs) calls.
//
// Tensors are `at::Tensor*`, as tch hands them out. A function that makes a tensor returns a new one, owned by the
// caller, or null after an error, whose message `bert_kernels_last_error` returns (for this thread).
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define BERT_KERNELS_NOEXCEPT noexcept // without memory for a list of tasks the process ends
#else
#define BERT_KERNELS_NOEXCEPT
#endif

typedef void *bert_kernels_tensor;

const char *bert_kernels_last_error(void);

// The version of libtorch and the instruction set of its kernels: "2.13.0, AVX512".
const char *bert_kernels_libtorch(void);

// x, on the CPU, with each element zeroed with probability p, the others times 1 / (1 - p). Which ones is a function of
// (key, rng_stream) and the element's index alone. Differentiable in x.
bert_kernels_tensor bert_kernels_dropout(bert_kernels_tensor x, double p, uint64_t key, uint64_t rng_stream);

// x (n, n_in) times weight (n_out, n_in), plus bias (n_out): (n, n_out), float32 on the CPU, for a few rows. No bit depends on the
// number of threads. Differentiable in all three.
bert_kernels_tensor bert_kernels_linear(bert_kernels_tensor x, bert_kernels_tensor weight, bert_kernels_tensor bias);

// Sets cast[i] to tensors[i], float32, in bfloat16: new tensors. Differentiable in those that require gradients. n > 0.
// 0, or 1 after an error, which makes no tensor.
int32_t bert_kernels_as_bf16(const bert_kernels_tensor *tensors, int64_t n, bert_kernels_tensor *cast);

// Packed rows (n_rows, parts * heads * size) to zero-padded rectangles (parts, batch * heads, max_seqlen, size), on the CPU.
// cu_seqlens: (batch + 1), int64. Differentiable in rows.
bert_kernels_tensor bert_kernels_heads_from_rows(bert_kernels_tensor rows, bert_kernels_tensor cu_seqlens, int64_t max_seqlen,
                                                 int64_t parts, int64_t heads);

// The way back: (parts, batch * heads, max_seqlen, size) to (n_rows, parts * heads * size); rows past the last
// sentence are zero. Differentiable in rectangles.
bert_kernels_tensor bert_kernels_rows_from_heads(bert_kernels_tensor rectangles, bert_kernels_tensor cu_seqlens, int64_t n_rows,
                                                 int64_t heads);

// Whether `bert_kernels_packed_attention` is there for the device and the kind of rows, and heads of this size.
int32_t bert_kernels_packed_attention_runs(bert_kernels_tensor rows, int64_t size);

// p: the dropout of the probabilities, which the device's default generator draws.
typedef struct {
  int64_t max_seqlen, heads;
  double p;
} bert_kernels_attention_options;

// Attention of every query to the keys of its sentence. rows (n_rows, 3 * heads * size): queries, keys, values;
// cu_seqlens (batch + 1), int32, on their device, from 0 to n_rows by at most max_seqlen. The result: (n_rows, heads * size);
// with first_rows (batch), int64, else null, of those rows alone, the sentences' first: (batch, heads * size). Differentiable
// in rows.
bert_kernels_tensor bert_kernels_packed_attention(bert_kernels_tensor rows, bert_kernels_tensor cu_seqlens,
                                                  bert_kernels_tensor first_rows,
                                                  const bert_kernels_attention_options *options);

// Seeds the default generator of the device of `like`, from which dropout is drawn there, as a function of (key, rng_stream). 0, or
// 1 after an error.
int32_t bert_kernels_seed_generator(bert_kernels_tensor like, uint64_t key, uint64_t rng_stream);

// Work on a device that runs behind the host.
typedef struct bert_kernels_device_queue bert_kernels_device_queue;

// A queue of the device of `like`; on CUDA with a stream of its own. Null after an error. The following return 0, or 1 after an
// error.
bert_kernels_device_queue *bert_kernels_device_queue_new(bert_kernels_tensor like);
void bert_kernels_device_queue_free(bert_kernels_device_queue *queue);

// Between the two this thread works on the queue's stream, after all that it gave to the device before; what it does afterwards
// comes after this.
int32_t bert_kernels_device_queue_enter(bert_kernels_device_queue *queue);
int32_t bert_kernels_device_queue_leave(bert_kernels_device_queue *queue);

// Copies `numbers`, contiguous on the host, to `target` on the device, of the same kind and size, without waiting.
int32_t bert_kernels_device_queue_upload(bert_kernels_device_queue *queue, bert_kernels_tensor target,
                                         bert_kernels_tensor numbers);

// Sends `numbers`, float64 on the device, to the host as they are at this place of the stream. Each `receive` waits for the
// oldest that was sent: n numbers.
int32_t bert_kernels_device_queue_send(bert_kernels_device_queue *queue, bert_kernels_tensor numbers);
int32_t bert_kernels_device_queue_receive(bert_kernels_device_queue *queue, double *numbers, int64_t n);

// Float32 zeros (rows, cols) on the host, in memory that a device reads and writes at its own pace: a tensor of the caller's, null
// after an error, as without a device.
bert_kernels_tensor bert_kernels_pinned_zeros(int64_t rows, int64_t cols);

// Operators that are recorded once and done again on the same memory: a CUDA graph, or on the CPU a list of them.
typedef struct bert_kernels_graph bert_kernels_graph;

// From here to `end` this thread's operators are recorded, within `enter` and `leave`; CUDA does not do them meanwhile. Null
// after an error, 1 where something could not be recorded.
bert_kernels_graph *bert_kernels_graph_begin(bert_kernels_device_queue *queue);
int32_t bert_kernels_graph_end(bert_kernels_graph *graph);
int32_t bert_kernels_graph_replay(bert_kernels_graph *graph);
void bert_kernels_graph_free(bert_kernels_graph *graph);

// The encoder of a BERT on the CPU.
typedef struct bert_kernels_encoder bert_kernels_encoder;

typedef struct {
  int64_t layers, hidden, heads, intermediate, positions, token_types;
  int32_t activation; // the number of an Activation of cpu/ops/activation.h
  int32_t bf16;       // whether the operands of the products are bfloat16; else float32
  float layer_norm_eps;
} bert_kernels_encoder_config;

// Packed sentences. input_ids, position_ids: (n_rows), a multiple of 16; cu_seqlens: (batch + 1).
typedef struct {
  const int64_t *input_ids, *position_ids, *cu_seqlens;
  int64_t n_rows, batch;
} bert_kernels_packed_batch;

// Probabilities, and the counters that choose what is dropped: the embeddings have the stream itself, layer i the three that
// begin at rng_stream | (1 + 3 i).
typedef struct {
  double hidden, attention;
  uint64_t key, rng_stream;
} bert_kernels_encoder_dropout;

// The parameters of an encoder, float32, contiguous, by the modules of Transformers; or their gradients, which are null where
// a parameter is not learned. Parameters are only read.
typedef struct {
  float *weight; // (out, in)
  float *bias;   // (out)
} bert_kernels_linear_parameters;

typedef struct {
  float *weight, *bias; // (hidden)
} bert_kernels_layer_norm_parameters;

typedef struct {
  bert_kernels_linear_parameters query_key_value;  // (3 hidden, hidden)
  bert_kernels_linear_parameters attention_output; // (hidden, hidden)
  bert_kernels_layer_norm_parameters attention_layer_norm;
  bert_kernels_linear_parameters intermediate; // (intermediate, hidden)
  bert_kernels_linear_parameters output;       // (hidden, intermediate)
  bert_kernels_layer_norm_parameters output_layer_norm;
} bert_kernels_layer_parameters;

typedef struct {
  float *word_embeddings, *position_embeddings, *token_type_embeddings; // (rows, hidden)
  bert_kernels_layer_norm_parameters embeddings_layer_norm;
  const bert_kernels_layer_parameters *layers; // as many as the config says
} bert_kernels_encoder_parameters;

// Whether this machine has products of bfloat16 pairs (bf16 != 0) or of float32 for it.
int32_t bert_kernels_encoder_runs(int32_t bf16);

// Null after an error.
bert_kernels_encoder *bert_kernels_encoder_new(const bert_kernels_encoder_config *config);
void bert_kernels_encoder_free(bert_kernels_encoder *encoder);

// The bytes that it takes, with a forward and a backward pass over n_rows rows of `batch` sentences.
int64_t bert_kernels_encoder_memory(bert_kernels_encoder *encoder, int64_t n_rows, int64_t batch) BERT_KERNELS_NOEXCEPT;

// The following return 0, or 1 after an error.
//
// Biases, norms and embeddings are read where they are in every later pass; the matrices of linear layers are copied. The
// structs themselves may go.
int32_t bert_kernels_encoder_read_weights(bert_kernels_encoder *encoder, const bert_kernels_encoder_parameters *parameters);

// first (batch, hidden): the hidden states of the first tokens. dropout: null to evaluate. keep: whether `backward` follows;
// the batch stays where it is until then.
int32_t bert_kernels_encoder_forward(bert_kernels_encoder *encoder, const bert_kernels_packed_batch *batch,
                                     const bert_kernels_encoder_dropout *dropout, int32_t keep, float *first);

typedef struct {
  int32_t add;                                       // gradients are added to what is there; else written over it
  void (*after_layer)(void *listener, int64_t layer); // called between two layers, once all gradients of one are written; or null
  void *listener;
} bert_kernels_backward_options;

// dfirst (batch, hidden): the gradients of the last forward pass's result. Of `gradients` the word embeddings' is not written.
// dwords: set to the gradients of the tokens' word embeddings, (n_rows, hidden), until the next pass.
int32_t bert_kernels_encoder_backward(bert_kernels_encoder *encoder, const float *dfirst,
                                      const bert_kernels_backward_options *options,
                                      const bert_kernels_encoder_parameters *gradients, const float **dwords);

// The same encoder for inference, whose linear layers multiply bytes: weights are quantized by outputs, activations by tokens.
typedef struct bert_kernels_int8_encoder bert_kernels_int8_encoder;

// Whether this machine has products of bytes for it.
int32_t bert_kernels_int8_encoder_runs(void);

// Null after an error. Of the config `bf16` is not read. Biases, norms and embeddings are read where they are in every pass;
// matrices are quantized. The structs themselves may go.
bert_kernels_int8_encoder *bert_kernels_int8_encoder_new(const bert_kernels_encoder_config *config,
                                                         const bert_kernels_encoder_parameters *parameters);
void bert_kernels_int8_encoder_free(bert_kernels_int8_encoder *encoder);

// first (batch, hidden): the hidden states of the first tokens, each a function of its sentence alone. 0, or 1 after an error.
int32_t bert_kernels_int8_encoder_forward(bert_kernels_int8_encoder *encoder, const bert_kernels_packed_batch *batch,
                                          float *first);

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

// An update rule in one step, from 1. kind: one of `cpu/ops/optimizer.h`; the momentum of SGD is beta1. The bias corrections
// are those of this step.
typedef struct {
  int32_t kind;
  double beta1, beta2, eps;
  int64_t step;
  double grad_scale;
  float bias_correction1, bias_correction2_sqrt;
} bert_kernels_rule;

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

// Rows of a table that have missed steps: row r has taken done[r] of the steps past[0], .. past[n_past - 1]. rows: each at
// most once.
typedef struct {
  const int64_t *rows;
  int64_t n_rows;
  uint32_t *done;
  const bert_kernels_past_step *past;
  int64_t n_past;
} bert_kernels_deferred_rows;

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

// What of a step is read from the device, float32 scalars: its number, from 1; by what the gradients are divided; whether
// nothing is to be done (1) or not (0). The last two may be null.
typedef struct {
  bert_kernels_tensor step, divisor, is_skipped;
} bert_kernels_group_step;

// One step over a group by ATen's fused operators, with the formulas of `bert_kernels_update`; of `rule` only the kind and the
// constants. Gradients may be scaled in place. 0, or 1 after an error.
int32_t bert_kernels_update_group(const bert_kernels_group *group, const bert_kernels_rule *rule,
                                  const bert_kernels_group_step *step);

// What clipping reads, `losses`, any shape, and what it writes, scalars: the norm, float64; the divisor of the gradients, and
// whether the norm or a loss is not finite, float32.
typedef struct {
  bert_kernels_tensor losses, norm, divisor, is_skipped;
} bert_kernels_clipping;

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

// Several processes of one run, by libtorch's c10d. 0 where its headers were not there when this was built; then all that
// follows fails. Of these, too, those that return a number return 0, or 1 after an error, and those that return a pointer null.
int32_t bert_kernels_has_c10d(void);

// A `TCPStore`: bytes by key, for all processes. Every key has `prefix` before it.
typedef struct bert_kernels_store bert_kernels_store;

typedef struct {
  const char *host;
  int32_t port;
  int32_t is_server; // whether this process holds the store; else it connects to the one that does
  const char *prefix;
  int64_t timeout_ms; // of connecting
} bert_kernels_store_options;

bert_kernels_store *bert_kernels_store_new(const bert_kernels_store_options *options);
void bert_kernels_store_free(bert_kernels_store *store);
int32_t bert_kernels_store_set(bert_kernels_store *store, const char *key, const char *value, int64_t n);
int32_t bert_kernels_store_has(bert_kernels_store *store, const char *key, int32_t *has);
// Of a key that is there. *n: how long the value is, of which `capacity` bytes at most are written.
int32_t bert_kernels_store_get(bert_kernels_store *store, const char *key, char *value, int64_t capacity, int64_t *n);

// gloo, with a connection between every two processes. The store lives at least as long. All processes call the same functions
// in the same order with tensors of the same sizes, contiguous, on the CPU, or on their devices once those are connected. Each
// returns when this process has what it gets; on a device, when that is sure to have it before whatever it is given next.
typedef struct bert_kernels_process_group bert_kernels_process_group;

// `address`: of this machine, where the others reach it; null for that of its name. GLOO_SOCKET_IFNAME comes first.
bert_kernels_process_group *bert_kernels_process_group_new(bert_kernels_store *store, int32_t rank, int32_t size, const char *address,
                                                           int64_t timeout_ms);
void bert_kernels_process_group_free(bert_kernels_process_group *group);
// Of the device of `like`, CUDA: its name, a tab, and what tells it from all others, in `capacity` bytes with the zero at the end.
int32_t bert_kernels_device_identity(bert_kernels_tensor like, char *text, int64_t capacity);
// Connects the devices of the processes, each that of its `like`: CUDA, by NCCL. No two processes have the same one.
int32_t bert_kernels_process_group_connect_devices(bert_kernels_process_group *group, bert_kernels_tensor like);

// Messages that are under way: their tensors stay as they are until they were waited for.
typedef struct bert_kernels_messages bert_kernels_messages;

// gathered (size, ..): what each process has as `mine` (..). This and the next only begin; other calls may come before their ends.
bert_kernels_messages *bert_kernels_all_gather(bert_kernels_process_group *group, bert_kernels_tensor gathered,
                                               bert_kernels_tensor mine);
// received (size, ..): of each other process the row of its `sent` (size, ..) that is this process's; this process's own row is
// left as it is.
bert_kernels_messages *bert_kernels_all_to_all(bert_kernels_process_group *group, bert_kernels_tensor received,
                                               bert_kernels_tensor sent);
int32_t bert_kernels_messages_wait(bert_kernels_messages *messages);
void bert_kernels_messages_free(bert_kernels_messages *messages);

// Sets the tensor to that of the process `from`.
int32_t bert_kernels_broadcast(bert_kernels_process_group *group, bert_kernels_tensor tensor, int32_t from);

#ifdef __cplusplus
}
#endif
