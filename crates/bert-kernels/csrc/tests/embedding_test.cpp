#include "cpu/ops/embedding.h"
#include "reference.h"
#include "test.h"

namespace {

struct Lookup {
  at::Tensor input_ids = at::tensor({3, 1, 4, 1, 5, 0, 2}, at::kLong);
  at::Tensor position_ids = at::tensor({0, 1, 2, 0, 1, 2, 3}, at::kLong);
  int64_t n = input_ids.numel();
  const int64_t *ids() const { return input_ids.data_ptr<int64_t>(); }
  const int64_t *positions() const { return position_ids.data_ptr<int64_t>(); }
};

void forward_and_backward(int64_t hidden) {
  const Lookup lookup;
  const at::Tensor word = random<float>({6, hidden}), position = random<float>({4, hidden}), type = random<float>({2, hidden});
  const at::Tensor y = zeros<float>({lookup.n, hidden});
  embedding_forward({floats(word), floats(position), floats(type)}, lookup.ids(), lookup.positions(), matrix<float>(y));
  const std::vector<at::Tensor> tables{in_float64(word), in_float64(position), in_float64(type)};
  const at::Tensor expected = at::embedding(tables[0], lookup.input_ids) + at::embedding(tables[1], lookup.position_ids) +
                              at::embedding(tables[2], at::zeros_like(lookup.input_ids));
  EXPECT_CLOSE(y, expected, FLOAT32_TOLERANCE);

  const at::Tensor dy = random<float>({lookup.n, hidden}), dword = zeros<float>({6, hidden});
  const std::vector<at::Tensor> d = gradients(expected, dy, tables);
  scatter_add_rows(matrix<float>(dy), lookup.ids(), matrix<float>(dword));
  EXPECT_CLOSE(dword, d[0], FLOAT32_TOLERANCE);
  const at::Tensor dposition = random<float>({4, hidden}), earlier = dposition.clone();
  scatter_add_rows(matrix<float>(dy), lookup.positions(), matrix<float>(dposition));
  EXPECT_CLOSE(dposition, d[1] + earlier, FLOAT32_TOLERANCE);
}

TEST(embedding_float32) {
  for (const int64_t hidden : {1, 16, 50, 96}) {
    forward_and_backward(hidden);
  }
}

template <typename T> void gathers() {
  const at::Tensor x = random<T>({9, 35}), index = at::tensor({0, 3, 8}, at::kLong);
  const at::Tensor y = random<T>({16, 35});
  gather_rows<T>(matrix<T>(x), index.data_ptr<int64_t>(), 3, matrix<T>(y));
  EXPECT(at::equal(y.narrow(0, 0, 3), x.index_select(0, index)));
  EXPECT(y.narrow(0, 3, 13).count_nonzero().template item<int64_t>() == 0);
}

TEST(gather_rows_float32) { gathers<float>(); }
TEST(gather_rows_bf16) { gathers<c10::BFloat16>(); }

} // namespace
