// The whole encoder through its C ABI, forward and backward.

#include "cpu/ops/activation.h"
#include "reference.h"
#include "test.h"

namespace {

constexpr int64_t HIDDEN = 48, HEADS = 3, INTERMEDIATE = 112, VOCABULARY = 30, POSITIONS = 20, TYPES = 2;
constexpr float EPS = 1e-5f;

// Sentences of 1, 12, 5 and 6 tokens, and padding to a multiple of 16.
struct Batch {
  std::vector<int64_t> cu_seqlens{0, 1, 13, 18, 24};
  int64_t n_rows = 32, batch = 4;
  at::Tensor input_ids = at::arange(n_rows, at::kLong).mul(7).remainder(VOCABULARY);
  at::Tensor position_ids = at::arange(n_rows, at::kLong).remainder(12);

  bert_kernels_packed_batch raw() const {
    return {input_ids.data_ptr<int64_t>(), position_ids.data_ptr<int64_t>(), cu_seqlens.data(), n_rows, batch};
  }
};

// Five tensors of the embeddings, twelve of each layer, in the order of the C structs.
std::vector<at::Tensor> parameters(int64_t n_layers) {
  const auto normal = [](at::IntArrayRef sizes) { return random<float>(sizes) * 0.2; };
  const auto norm = [](std::vector<at::Tensor> &all) {
    all.push_back(random<float>({HIDDEN}) * 0.1 + 1.0), all.push_back(random<float>({HIDDEN}) * 0.1);
  };
  std::vector<at::Tensor> all{normal({VOCABULARY, HIDDEN}), normal({POSITIONS, HIDDEN}), normal({TYPES, HIDDEN})};
  norm(all);
  const auto linear = [&](int64_t n_out, int64_t n_in) {
    all.push_back(normal({n_out, n_in})), all.push_back(normal({n_out}));
  };
  for (int64_t layer = 0; layer < n_layers; ++layer) {
    linear(3 * HIDDEN, HIDDEN), linear(HIDDEN, HIDDEN), norm(all);
    linear(INTERMEDIATE, HIDDEN), linear(HIDDEN, INTERMEDIATE), norm(all);
  }
  return all;
}

// The name of a parameter, by its place among them.
std::string name_of(size_t index) {
  static const char *const EMBEDDINGS[] = {"word_embeddings", "position_embeddings", "token_type_embeddings",
                                           "embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias"};
  static const char *const OF_LAYER[] = {"query_key_value.weight",  "query_key_value.bias",  "attention.output.weight",
                                         "attention.output.bias",   "attention.norm.weight", "attention.norm.bias",
                                         "intermediate.weight",     "intermediate.bias",     "output.weight",
                                         "output.bias",             "output.norm.weight",    "output.norm.bias"};
  return index < 5 ? EMBEDDINGS[index] : "layer " + std::to_string((index - 5) / 12) + " " + OF_LAYER[(index - 5) % 12];
}

struct Raw {
  std::vector<bert_kernels_layer_parameters> layers;
  bert_kernels_encoder_parameters encoder;

  explicit Raw(const std::vector<at::Tensor> &all) {
    size_t next = 0;
    const auto pointer = [&] { return floats(all[next++]); };
    encoder = {pointer(), pointer(), pointer(), {pointer(), pointer()}, nullptr};
    while (next < all.size()) {
      layers.push_back({{pointer(), pointer()}, {pointer(), pointer()}, {pointer(), pointer()},
                        {pointer(), pointer()}, {pointer(), pointer()}, {pointer(), pointer()}});
    }
    encoder.layers = layers.data();
  }
};

// What an encoder is made with, and how it is run.
struct Variant {
  int64_t n_layers;
  bool bf16;
  Activation activation;
  double hidden_dropout, attention_dropout;
  bool add; // gradients are added to what is there
};

constexpr uint64_t KEY = 20, STREAM = uint64_t(9) << 32;

// The masks of the model by their streams: 0 of the embeddings, of layer i the three from 1 + 3 i.
struct Masks {
  const Variant &variant;

  at::Tensor of(int64_t stream, uint64_t first, at::IntArrayRef sizes) const {
    const double p = stream % 3 == 1 ? variant.attention_dropout : variant.hidden_dropout;
    const DropoutMask mask = dropout_mask(p, KEY, STREAM | uint64_t(stream));
    return dropout_factors(p == 0.0 ? nullptr : &mask, first, sizes);
  }

  // Of hidden states; in the last layer the rows of the mask are those of the sentences' first tokens.
  at::Tensor of_rows(int64_t stream, const Batch &batch, bool cls_only) const {
    if (!cls_only) {
      return of(stream, 0, {batch.n_rows, HIDDEN});
    }
    const at::Tensor factors = at::ones({batch.n_rows, HIDDEN}, at::kDouble), drawn = of(stream, 0, {batch.batch, HIDDEN});
    for (int64_t i = 0; i < batch.batch; ++i) {
      factors[batch.cu_seqlens[i]].copy_(drawn[i]);
    }
    return factors;
  }

  // Of a sentence's probabilities (heads, length, length); in the last layer only the first token asks.
  at::Tensor of_probabilities(int64_t stream, int64_t sentence, int64_t length, bool cls_only) const {
    const at::Tensor factors = at::ones({HEADS, length, length}, at::kDouble);
    const int64_t n_queries = cls_only ? 1 : length;
    for (int64_t head = 0; head < HEADS; ++head) {
      factors[head].narrow(0, 0, n_queries).copy_(of(stream, uint64_t(sentence * HEADS + head) << 32, {n_queries, length}));
    }
    return factors;
  }
};

at::Tensor activated(Activation f, const at::Tensor &h) {
  return f == Activation::Relu ? at::relu(h) : at::gelu(h, f == Activation::GeluNew ? "tanh" : "none");
}

at::Tensor by_formula(const Variant &variant, const Batch &batch, const std::vector<at::Tensor> &p) {
  const Masks masks{variant};
  const auto norm = [&](const at::Tensor &x, size_t i) { return at::layer_norm(x, {HIDDEN}, p[i], p[i + 1], EPS); };
  at::Tensor x = at::embedding(p[0], batch.input_ids) + at::embedding(p[1], batch.position_ids) + p[2].narrow(0, 0, 1);
  x = norm(x, 3) * masks.of_rows(0, batch, false);
  for (int64_t layer = 0; layer < variant.n_layers; ++layer) {
    const size_t l = size_t(5 + 12 * layer);
    const int64_t stream = 1 + 3 * layer;
    const bool is_last = layer + 1 == variant.n_layers;
    const at::Tensor qkv = at::linear(x, p[l], p[l + 1]).view({batch.n_rows, 3, HEADS, HIDDEN / HEADS}).permute({1, 2, 0, 3});
    std::vector<at::Tensor> sentences;
    for (int64_t i = 0; i < batch.batch; ++i) {
      const int64_t length = batch.cu_seqlens[i + 1] - batch.cu_seqlens[i];
      const at::Tensor part = qkv.narrow(2, batch.cu_seqlens[i], length);
      const at::Tensor scores = at::matmul(part[0], part[1].transpose(1, 2)) / std::sqrt(double(HIDDEN / HEADS));
      const at::Tensor probabilities = at::softmax(scores, -1) * masks.of_probabilities(stream, i, length, is_last);
      sentences.push_back(at::matmul(probabilities, part[2]).permute({1, 0, 2}).reshape({-1, HIDDEN}));
    }
    sentences.push_back(at::zeros({batch.n_rows - batch.cu_seqlens.back(), HIDDEN}, at::kDouble));
    const at::Tensor projected = at::linear(at::cat(sentences), p[l + 2], p[l + 3]);
    const at::Tensor h = norm(x + projected * masks.of_rows(stream + 1, batch, is_last), l + 4);
    const at::Tensor intermediate = activated(variant.activation, at::linear(h, p[l + 6], p[l + 7]));
    const at::Tensor output = at::linear(intermediate, p[l + 8], p[l + 9]);
    x = norm(h + output * masks.of_rows(stream + 2, batch, is_last), l + 10);
  }
  const std::vector<int64_t> first(batch.cu_seqlens.begin(), batch.cu_seqlens.end() - 1);
  return x.index_select(0, at::tensor(first, at::kLong));
}

// Of each layer the gradients as they were when the encoder said that they are written.
struct Heard {
  const std::vector<at::Tensor> &gradients;
  std::vector<std::pair<size_t, at::Tensor>> copies;

  static void after_layer(void *listener, int64_t layer) {
    auto &heard = *static_cast<Heard *>(listener);
    for (size_t index = 5 + 12 * layer; index < size_t(5 + 12 * (layer + 1)); ++index) {
      heard.copies.emplace_back(index, heard.gradients[index].clone());
    }
  }
};

// How far a result is off: in float32 the largest difference, to the largest number, or to 1. Rounded operands make single numbers
// differ by chance, so there it is the root of the mean square, to that of what is expected.
double error_of(const at::Tensor &actual, const at::Tensor &expected, bool rounded) {
  const at::Tensor e = expected.detach().to(at::kDouble), difference = actual.detach().to(at::kDouble) - e;
  if (rounded) {
    return (difference.norm() / e.norm()).item<double>();
  }
  return difference.abs().max().item<double>() / std::max(1.0, e.abs().max().item<double>());
}

// Whether a result is as close as its precision allows.
#define EXPECT_AGREES(name, actual, expected, rounded, allowed)                                                           \
  do {                                                                                                                    \
    const double error = error_of(actual, expected, rounded);                                                             \
    const Context result("%s is off by %g, allowed are %g", name, error, double(allowed));                                \
    EXPECT(error <= allowed);                                                                                             \
  } while (false)

void forward_and_backward(const Variant &variant, double allowed) {
  const Context context("%ld layers, activation %d, dropout %g and %g, gradients %s", variant.n_layers, int(variant.activation),
                        variant.hidden_dropout, variant.attention_dropout, variant.add ? "added" : "written over");
  const Batch batch;
  const std::vector<at::Tensor> p = parameters(variant.n_layers);
  const bert_kernels_encoder_config config{variant.n_layers, HIDDEN, HEADS, INTERMEDIATE, POSITIONS, TYPES,
                                           int32_t(variant.activation), variant.bf16, EPS};
  bert_kernels_encoder *encoder = bert_kernels_encoder_new(&config);
  const Raw raw_parameters(p);
  EXPECT(bert_kernels_encoder_read_weights(encoder, &raw_parameters.encoder) == 0);
  const bert_kernels_packed_batch raw = batch.raw();
  const bert_kernels_encoder_dropout dropout{variant.hidden_dropout, variant.attention_dropout, KEY, STREAM};
  const at::Tensor first = zeros<float>({batch.batch, HIDDEN}), evaluated = zeros<float>({batch.batch, HIDDEN});
  EXPECT(bert_kernels_encoder_forward(encoder, &raw, &dropout, 0, floats(evaluated)) == 0);
  EXPECT(bert_kernels_encoder_forward(encoder, &raw, &dropout, 1, floats(first)) == 0);
  EXPECT(at::equal(first, evaluated));
  std::vector<at::Tensor> inputs;
  for (const at::Tensor &parameter : p) {
    inputs.push_back(in_float64(parameter));
  }
  const at::Tensor expected = by_formula(variant, batch, inputs);
  EXPECT_AGREES("the result", first, expected, variant.bf16, allowed);

  const at::Tensor dfirst = random<float>({batch.batch, HIDDEN});
  const std::vector<at::Tensor> d = gradients(expected, dfirst, inputs);
  std::vector<at::Tensor> actual;
  for (const at::Tensor &parameter : p) {
    actual.push_back(at::full_like(parameter, variant.add ? 1.0 : NAN));
  }
  const float *dwords = nullptr;
  const Raw raw_gradients(actual);
  Heard heard{actual, {}};
  const bert_kernels_backward_options options{variant.add, Heard::after_layer, &heard};
  EXPECT(bert_kernels_encoder_backward(encoder, floats(dfirst), &options, &raw_gradients.encoder, &dwords) == 0);
  const at::Tensor rows = at::from_blob(const_cast<float *>(dwords), {batch.n_rows, HIDDEN}, at::kFloat);
  const at::Tensor of_words = zeros<float>({VOCABULARY, HIDDEN}).index_add(0, batch.input_ids, rows);
  EXPECT_AGREES("the gradient of word_embeddings", of_words, d[0], variant.bf16, allowed);
  EXPECT(int64_t(heard.copies.size()) == 12 * variant.n_layers);
  for (const auto &[index, copy] : heard.copies) {
    const Context parameter("%s, as it was when its layer was done", name_of(index).c_str());
    EXPECT(at::allclose(copy, actual[index], 0, 0, true));
  }
  for (size_t i = 1; i < p.size(); ++i) {
    EXPECT_AGREES(("the gradient of " + name_of(i)).c_str(), actual[i] - double(variant.add), d[i], variant.bf16, allowed);
  }
  bert_kernels_encoder_free(encoder);
}

// smooth: in bfloat16 the slope of ReLU may be another where its argument is about zero.
void each(bool bf16, Activation smooth, double allowed) {
  for (const int64_t n_layers : {1, 2, 4}) {
    forward_and_backward({n_layers, bf16, Activation::Gelu, 0.0, 0.0, true}, allowed);
    forward_and_backward({n_layers, bf16, smooth, 0.1, 0.2, false}, allowed);
  }
  forward_and_backward({2, bf16, Activation::GeluNew, 0.3, 0.0, false}, allowed);
  forward_and_backward({2, bf16, Activation::Gelu, 0.0, 0.3, true}, allowed);
}

TEST(encoder_float32) { each(false, Activation::Relu, 1e-5); }

TEST(encoder_bf16) {
  if (multiplies<c10::BFloat16>()) {
    each(true, Activation::GeluNew, 0.1);
  }
}

// The sentences of a batch, in one pass and one by one: the same bits.
TEST(encoder_int8) {
  if (bert_kernels_int8_encoder_runs() == 0) {
    std::printf("skipped: this processor has no products of bytes\n");
    return;
  }
  for (const int64_t n_layers : {1, 2, 4}) {
    const Context context("%ld layers", n_layers);
    const Batch batch;
    const std::vector<at::Tensor> p = parameters(n_layers);
    const bert_kernels_encoder_config config{n_layers, HIDDEN, HEADS, INTERMEDIATE, POSITIONS, TYPES, 0, 0, EPS};
    const Raw raw_parameters(p);
    bert_kernels_int8_encoder *encoder = bert_kernels_int8_encoder_new(&config, &raw_parameters.encoder);
    const bert_kernels_packed_batch raw = batch.raw();
    const at::Tensor first = zeros<float>({batch.batch, HIDDEN}), alone = zeros<float>({batch.batch, HIDDEN});
    EXPECT(bert_kernels_int8_encoder_forward(encoder, &raw, floats(first)) == 0);
    std::vector<at::Tensor> inputs;
    for (const at::Tensor &parameter : p) {
      inputs.push_back(in_float64(parameter));
    }
    const at::Tensor expected = by_formula({n_layers, false, Activation::Gelu, 0.0, 0.0, false}, batch, inputs);
    EXPECT_AGREES("the result", first, expected, true, 0.05);
    for (int64_t i = 0; i < batch.batch; ++i) {
      const int64_t begin = batch.cu_seqlens[i], length = batch.cu_seqlens[i + 1] - begin;
      const at::Tensor ids = zeros<int64_t>({16}), positions = zeros<int64_t>({16});
      ids.narrow(0, 0, length).copy_(batch.input_ids.narrow(0, begin, length));
      positions.narrow(0, 0, length).copy_(batch.position_ids.narrow(0, begin, length));
      const std::vector<int64_t> cu_seqlens{0, length};
      const bert_kernels_packed_batch one{ids.data_ptr<int64_t>(), positions.data_ptr<int64_t>(), cu_seqlens.data(), 16, 1};
      EXPECT(bert_kernels_int8_encoder_forward(encoder, &one, floats(alone) + i * HIDDEN) == 0);
    }
    EXPECT(at::equal(first, alone));
    bert_kernels_int8_encoder_free(encoder);
  }
}

} // namespace
