#include "cpu/ops/attention.h"
#include "reference.h"
#include "test.h"

namespace {

using c10::BFloat16;

struct Shape {
  std::vector<int64_t> cu_seqlens;
  int64_t heads, size;
};

// Sentences of one token, of a tile of queries, of more, and of lengths that fill no vector.
const Shape SHAPES[] = {{{0, 1}, 1, 16}, {{0, 3, 4, 28, 98}, 3, 20}, {{0, 17, 66}, 2, 64}};

// dropout(softmax(q k^T / sqrt(size))) v, sentence by sentence and head by head.
at::Tensor by_formula(const Shape &s, const std::vector<at::Tensor> &qkv, bool cls_only, const DropoutMask *mask) {
  std::vector<at::Tensor> sentences;
  for (size_t i = 0; i + 1 < s.cu_seqlens.size(); ++i) {
    const int64_t row = s.cu_seqlens[i], length = s.cu_seqlens[i + 1] - row, n_queries = cls_only ? 1 : length;
    std::vector<at::Tensor> heads;
    for (int64_t head = 0; head < s.heads; ++head) {
      const auto part = [&](const at::Tensor &x, int64_t begin, int64_t n) {
        return x.narrow(0, begin, n).narrow(1, head * s.size, s.size);
      };
      const at::Tensor query = part(qkv[0], cls_only ? int64_t(i) : row, n_queries);
      const at::Tensor scores = at::matmul(query, part(qkv[1], row, length).t()) / std::sqrt(double(s.size));
      const uint64_t item = i * uint64_t(s.heads) + uint64_t(head);
      const at::Tensor probabilities = at::softmax(scores, -1) * dropout_factors(mask, item << 32, {n_queries, length});
      heads.push_back(at::matmul(probabilities, part(qkv[2], row, length)));
    }
    sentences.push_back(at::cat(heads, 1));
  }
  return at::cat(sentences, 0);
}

template <typename T> void forward_and_backward(const Shape &s, bool cls_only, const DropoutMask *mask) {
  const int64_t batch = int64_t(s.cu_seqlens.size()) - 1, rows = s.cu_seqlens.back(), width = s.heads * s.size;
  const int64_t n_queries = cls_only ? batch : rows;
  const AttentionOptions options{s.cu_seqlens.data(), batch, s.heads, s.size, cls_only, mask};
  // Keys and values side by side, as the encoder has them.
  const at::Tensor query = random<T>({n_queries, width}), key_value = random<T>({rows, 2 * width});
  const at::Tensor y = zeros<T>({n_queries, width}), stats = zeros<float>({n_queries, 2 * s.heads});
  const auto split = [&](const at::Tensor &q, const at::Tensor &kv) {
    return QueryKeyValue<T>{matrix<T>(q), matrix<T>(kv).columns_from(0, width), matrix<T>(kv).columns_from(width, width)};
  };
  attention_forward<T>(options, split(query, key_value), matrix<T>(y), matrix<float>(stats));
  const std::vector<at::Tensor> inputs{in_float64(query), in_float64(key_value.narrow(1, 0, width)),
                                       in_float64(key_value.narrow(1, width, width))};
  const at::Tensor expected = by_formula(s, inputs, cls_only, mask);
  EXPECT_CLOSE(y, expected, tolerance<T>());

  const at::Tensor dy = random<T>({n_queries, width});
  const at::Tensor dquery = zeros<T>({n_queries, width}), dkey_value = zeros<T>({rows, 2 * width});
  attention_backward<T>(options, split(query, key_value), matrix<T>(dy), matrix<float>(stats), split(dquery, dkey_value));
  const std::vector<at::Tensor> d = gradients(expected, dy, inputs);
  const double allowed = is_bf16<T>() ? tolerance<T>() : 4 * FLOAT32_TOLERANCE;
  if (rows > batch) { // the gradients of a single probability are zero but for rounding
    EXPECT_CLOSE(dquery, d[0], allowed);
    EXPECT_CLOSE(dkey_value.narrow(1, 0, width), d[1], allowed);
  }
  EXPECT_CLOSE(dkey_value.narrow(1, width, width), d[2], allowed);
}

template <typename T> void each(bool cls_only) {
  const DropoutMask mask = dropout_mask(0.3, 15, 92);
  for (const Shape &shape : SHAPES) {
    const Context context("%zu sentences, %ld heads of %ld", shape.cu_seqlens.size() - 1, shape.heads, shape.size);
    forward_and_backward<T>(shape, cls_only, nullptr);
    forward_and_backward<T>(shape, cls_only, &mask);
  }
}

TEST(attention_float32) { each<float>(false); }
TEST(attention_bf16) { each<BFloat16>(false); }
TEST(attention_of_first_tokens_float32) { each<float>(true); }
TEST(attention_of_first_tokens_bf16) { each<BFloat16>(true); }

// Scores of hundreds: their powers are infinite, or all zero, where the maximum was not subtracted before.
TEST(attention_of_large_scores) {
  const Shape s{{0, 40}, 1, 16};
  const AttentionOptions options{s.cu_seqlens.data(), 1, s.heads, s.size, false, nullptr};
  for (const double score : {300.0, -300.0}) {
    const Context context("scores about %g", score);
    const at::Tensor query = at::ones({40, 16}), value = random<float>({40, 16});
    const at::Tensor key = random<float>({40, 16}) * 0.1 + score / 4.0; // 16 products over the square root of 16
    const at::Tensor y = zeros<float>({40, 16}), stats = zeros<float>({40, 2});
    attention_forward<float>(options, {matrix<float>(query), matrix<float>(key), matrix<float>(value)}, matrix<float>(y),
                             matrix<float>(stats));
    const std::vector<at::Tensor> inputs{in_float64(query), in_float64(key), in_float64(value)};
    EXPECT_CLOSE(y, by_formula(s, inputs, false, nullptr), 1e-4); // scores of 300 have five digits behind the point
  }
}

} // namespace
