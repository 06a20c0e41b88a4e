// The encoder of a BERT on the CPU, for training and inference; the same in 8 bits.
#pragma once

#include "bert_kernels/common.h"

BERT_KERNELS_BEGIN

// The encoder of a BERT on the CPU.
typedef struct bert_kernels_encoder bert_kernels_encoder;

typedef struct {
  int64_t layers, hidden, heads, intermediate, positions, token_types;
  int32_t activation; // the number of an Activation of cpu/ops/activation.h
  int32_t bf16;       // whether the operands of the products are bfloat16; else float32
  float layer_norm_eps;
} bert_kernels_encoder_config;
BERT_KERNELS_SIZE(bert_kernels_encoder_config, 64);

// Packed sentences. input_ids, position_ids: (n_rows), a multiple of 16; cu_seqlens: (batch + 1).
typedef struct {
  const int64_t *input_ids, *position_ids, *cu_seqlens;
  int64_t n_rows, batch;
} bert_kernels_packed_batch;
BERT_KERNELS_SIZE(bert_kernels_packed_batch, 40);

// Probabilities, and the counters that choose what is dropped: the embeddings have the stream itself, layer i the three that
// begin at rng_stream | (1 + 3 i).
typedef struct {
  double hidden, attention;
  uint64_t key, rng_stream;
} bert_kernels_encoder_dropout;
BERT_KERNELS_SIZE(bert_kernels_encoder_dropout, 32);

// The parameters of an encoder, float32, contiguous, by the modules of Transformers; or their gradients, which are null where
// a parameter is not learned. Parameters are only read.
typedef struct {
  float *weight; // (out, in)
  float *bias;   // (out)
} bert_kernels_linear_parameters;
BERT_KERNELS_SIZE(bert_kernels_linear_parameters, 16);

typedef struct {
  float *weight, *bias; // (hidden)
} bert_kernels_layer_norm_parameters;
BERT_KERNELS_SIZE(bert_kernels_layer_norm_parameters, 16);

typedef struct {
  bert_kernels_linear_parameters query_key_value;  // (3 hidden, hidden)
  bert_kernels_linear_parameters attention_output; // (hidden, hidden)
  bert_kernels_layer_norm_parameters attention_layer_norm;
  bert_kernels_linear_parameters intermediate; // (intermediate, hidden)
  bert_kernels_linear_parameters output;       // (hidden, intermediate)
  bert_kernels_layer_norm_parameters output_layer_norm;
} bert_kernels_layer_parameters;
BERT_KERNELS_SIZE(bert_kernels_layer_parameters, 96);

typedef struct {
  float *word_embeddings, *position_embeddings, *token_type_embeddings; // (rows, hidden)
  bert_kernels_layer_norm_parameters embeddings_layer_norm;
  const bert_kernels_layer_parameters *layers; // as many as the config says
} bert_kernels_encoder_parameters;
BERT_KERNELS_SIZE(bert_kernels_encoder_parameters, 48);

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
BERT_KERNELS_SIZE(bert_kernels_backward_options, 24);

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

BERT_KERNELS_END
