// The whole encoder through its C ABI, forward and backward, without dropout.

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

at::Tensor by_formula(const Batch &batch, const std::vector<at::Tensor> &p) {
  const auto norm = [&](const at::Tensor &x, size_t i) { return at::layer_norm(x, {HIDDEN}, p[i], p[i + 1], EPS); };
  at::Tensor x = at::embedding(p[0], batch.input_ids) + at::embedding(p[1], batch.position_ids) + p[2].narrow(0, 0, 1);
  x = norm(x, 3);
  for (size_t l = 5; l < p.size(); l += 12) {
    const at::Tensor qkv = at::linear(x, p[l], p[l + 1]).view({batch.n_rows, 3, HEADS, HIDDEN / HEADS}).permute({1, 2, 0, 3});
    std::vector<at::Tensor> sentences;
    for (int64_t i = 0; i < batch.batch; ++i) {
      const at::Tensor part = qkv.narrow(2, batch.cu_seqlens[i], batch.cu_seqlens[i + 1] - batch.cu_seqlens[i]);
      const at::Tensor scores = at::matmul(part[0], part[1].transpose(1, 2)) / std::sqrt(double(HIDDEN / HEADS));
      sentences.push_back(at::matmul(at::softmax(scores, -1), part[2]).permute({1, 0, 2}).reshape({-1, HIDDEN}));
    }
    sentences.push_back(at::zeros({batch.n_rows - batch.cu_seqlens.back(), HIDDEN}, at::kDouble));
    const at::Tensor h = norm(x + at::linear(at::cat(sentences), p[l + 2], p[l + 3]), l + 4);
    x = norm(h + at::linear(at::gelu(at::linear(h, p[l + 6], p[l + 7])), p[l + 8], p[l + 9]), l + 10);
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

// allowed: relative to the largest number of each result.
void forward_and_backward(int64_t n_layers, bool bf16, double allowed) {
  const Batch batch;
  const std::vector<at::Tensor> p = parameters(n_layers);
  const bert_kernels_encoder_config config{n_layers, HIDDEN, HEADS, INTERMEDIATE, POSITIONS, TYPES, 0, bf16, EPS};
  bert_kernels_encoder *encoder = bert_kernels_encoder_new(&config);
  const Raw raw_parameters(p);
  EXPECT(bert_kernels_encoder_read_weights(encoder, &raw_parameters.encoder) == 0);
  const bert_kernels_packed_batch raw = batch.raw();
  const at::Tensor first = zeros<float>({batch.batch, HIDDEN}), evaluated = zeros<float>({batch.batch, HIDDEN});
  EXPECT(bert_kernels_encoder_forward(encoder, &raw, nullptr, 0, floats(evaluated)) == 0);
  EXPECT(bert_kernels_encoder_forward(encoder, &raw, nullptr, 1, floats(first)) == 0);
  EXPECT(at::equal(first, evaluated));
  std::vector<at::Tensor> inputs;
  for (const at::Tensor &parameter : p) {
    inputs.push_back(in_float64(parameter));
  }
  const at::Tensor expected = by_formula(batch, inputs);
  EXPECT_CLOSE(first, expected, allowed);

  const at::Tensor dfirst = random<float>({batch.batch, HIDDEN});
  const std::vector<at::Tensor> d = gradients(expected, dfirst, inputs);
  std::vector<at::Tensor> actual;
  for (const at::Tensor &parameter : p) {
    actual.push_back(at::ones_like(parameter));
  }
  const float *dwords = nullptr;
  const Raw raw_gradients(actual);
  Heard heard{actual, {}};
  const bert_kernels_backward_options options{1, Heard::after_layer, &heard};
  EXPECT(bert_kernels_encoder_backward(encoder, floats(dfirst), &options, &raw_gradients.encoder, &dwords) == 0);
  const at::Tensor rows = at::from_blob(const_cast<float *>(dwords), {batch.n_rows, HIDDEN}, at::kFloat);
  EXPECT_CLOSE(zeros<float>({VOCABULARY, HIDDEN}).index_add(0, batch.input_ids, rows), d[0], allowed);
  EXPECT(int64_t(heard.copies.size()) == 12 * n_layers);
  for (const auto &[index, copy] : heard.copies) {
    EXPECT(at::equal(copy, actual[index]));
  }
  for (size_t i = 1; i < p.size(); ++i) {
    const double size = std::max(1.0, d[i].abs().max().item<double>());
    const double difference = (actual[i] - 1.0 - d[i]).abs().max().item<double>();
    EXPECT(difference <= allowed * size);
  }
  bert_kernels_encoder_free(encoder);
}

TEST(encoder_float32) {
  for (const int64_t n_layers : {1, 2, 4}) {
    forward_and_backward(n_layers, false, 1e-5);
  }
}

TEST(encoder_bf16) {
  for (const int64_t n_layers : {1, 2, 4}) {
    if (multiplies<c10::BFloat16>()) {
      forward_and_backward(n_layers, true, 0.06);
    }
  }
}

// The sentences of a batch, in one pass and one by one: the same bits.
TEST(encoder_int8) {
  if (bert_kernels_int8_encoder_runs() == 0) {
    std::printf("skipped: this processor has no products of bytes\n");
    return;
  }
  for (const int64_t n_layers : {1, 2, 4}) {
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
    EXPECT_CLOSE(first, by_formula(batch, inputs), 0.05);
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
