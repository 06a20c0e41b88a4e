// Dropout on the CPU as an autograd operator, whose mask is a function of counters: nothing is saved for the backward pass, which
// draws the mask again.

#include "aten/autograd_operator.h"
#include "cpu/ops/dropout_mask.h"

// Compiled for three levels of x86-64; the loader picks the one that the machine can run.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define CLONED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONED
#endif

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

template <typename T>
CLONED void drop_block(const T *x, T *y, int64_t n, const DropoutMask &mask, int64_t block) {
  uint8_t keep[MASK_BLOCK];
  draw_block(mask, 0, block, keep);
  for (int64_t i = 0; i < n; ++i) {
    y[i] = T(float(x[i]) * (float(keep[i]) * mask.scale));
  }
}

at::Tensor drop(const at::Tensor &input, double p, uint64_t key, uint64_t rng_stream) {
  const at::Tensor x = input.contiguous();
  at::Tensor y = at::empty_like(x);
  const DropoutMask mask = dropout_mask(p, key, rng_stream);
  const int64_t n_blocks = (x.numel() + MASK_BLOCK - 1) / MASK_BLOCK;
  AT_DISPATCH_FLOATING_TYPES_AND(at::kBFloat16, x.scalar_type(), "dropout", [&] {
    const auto *in = x.const_data_ptr<scalar_t>();
    auto *out = y.mutable_data_ptr<scalar_t>();
    at::parallel_for(0, n_blocks, 16, [&](int64_t begin, int64_t end) {
      for (int64_t block = begin; block < end; ++block) {
        const int64_t at = block * MASK_BLOCK;
        drop_block(in + at, out + at, std::min(MASK_BLOCK, x.numel() - at), mask, block);
      }
    });
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
