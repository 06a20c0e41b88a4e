// Dropout on the CPU as an autograd operator, whose mask is a function of counters: nothing is saved for the backward pass, which
// draws the mask again.

#include "aten/autograd_operator.h"
#include "cpu/cpu_kernels.h"
#include "cpu/ops/dropout_mask.h"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor drop(const at::Tensor &input, double p, uint64_t key, uint64_t rng_stream) {
  const bool is_bf16 = input.scalar_type() == at::kBFloat16;
  TORCH_CHECK(is_bf16 || input.scalar_type() == at::kFloat, "expected float32 or bfloat16, found ", input.scalar_type());
  const at::Tensor x = input.contiguous();
  const at::Tensor y = at::empty_like(x);
  const int64_t n = x.numel(), n_blocks = (n + MASK_BLOCK - 1) / MASK_BLOCK;
  const auto *from = static_cast<const char *>(x.const_data_ptr());
  auto *to = static_cast<char *>(y.mutable_data_ptr());
  at::parallel_for(0, n_blocks, 16, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * MASK_BLOCK, offset = first * x.element_size();
    bert_kernels_drop({from + offset, to + offset, is_bf16, begin, std::min(end * MASK_BLOCK, n) - first, p, key, rng_stream});
  });
  return y;
}

struct Dropout : torch::autograd::Function<Dropout> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, double p, int64_t key, int64_t rng_stream) {
    context->saved_data["p"] = p;
    context->saved_data["key"] = key;
    context->saved_data["rng_stream"] = rng_stream;
    return drop(x, p, uint64_t(key), uint64_t(rng_stream));
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    const double p = context->saved_data["p"].toDouble();
    const auto key = uint64_t(context->saved_data["key"].toInt());
    const auto rng_stream = uint64_t(context->saved_data["rng_stream"].toInt());
    return {drop(grads[0], p, key, rng_stream), {}, {}, {}};
  }
};

} // namespace

bert_kernels_tensor bert_kernels_dropout(bert_kernels_tensor x, double p, uint64_t key, uint64_t rng_stream) {
  return guarded([&] { return Dropout::apply(tensor(x), p, int64_t(key), int64_t(rng_stream)); });
}
