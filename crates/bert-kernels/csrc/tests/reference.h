// Tensors as the operations take them, and their comparison with ATen in float64.
//
// An operand in bfloat16 is rounded before both sides read it, so that only results differ: by the rounding of a result in
// bfloat16 (2^-8 of its size), and by what the sums in float32 lose.
#pragma once

#include "bert_kernels.h"
#include "cpu/base/matrix.h"
#include "cpu/ops/dropout_mask.h"
#include "cpu/ops/pack.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

template <typename T> constexpr at::ScalarType dtype_of() { return c10::CppTypeToScalarType<T>::value; }
template <typename T> constexpr bool is_bf16() { return std::is_same<T, c10::BFloat16>::value; }

// Largest difference, relative to the largest number: of float32 results, and of those in T.
constexpr double FLOAT32_TOLERANCE = 2e-6;
template <typename T> constexpr double tolerance() { return is_bf16<T>() ? 1.0 / 256 : FLOAT32_TOLERANCE; }

// Whether the products of T run on this machine; says so once where they do not.
template <typename T> bool multiplies() {
  static const bool runs = [] {
    const bool works = bert_kernels_encoder_runs(is_bf16<T>()) != 0;
    if (!works) {
      std::printf("skipped: this processor has no products of %s\n", is_bf16<T>() ? "bfloat16" : "float32");
    }
    return works;
  }();
  return runs;
}

// In a function of its own: what is inlined of vectors stays within one level of the instruction set.
inline void draw_all(const DropoutMask &mask, uint64_t first, int64_t n, uint8_t *keep) { draw(mask, first, 0, n, keep); }

// What `random` draws from; a test begins with its seed, whatever ran before it.
inline at::Generator &generator() {
  static at::Generator generator = at::detail::createCPUGenerator();
  return generator;
}
constexpr uint64_t SEED = 20181011;

template <typename T> at::Tensor random(at::IntArrayRef sizes) {
  return at::randn(sizes, generator(), at::kFloat).to(dtype_of<T>());
}

template <typename T> at::Tensor zeros(at::IntArrayRef sizes) { return at::zeros(sizes, dtype_of<T>()); }

inline at::Tensor in_float64(const at::Tensor &x) { return x.to(at::kDouble).detach().clone().set_requires_grad(true); }

template <typename T> Matrix<T> matrix(const at::Tensor &x) { return {x.data_ptr<T>(), x.size(0), x.size(1)}; }
inline float *floats(const at::Tensor &x) { return x.data_ptr<float>(); }

// The gradients of `inputs` where those of `y` are `dy`.
inline std::vector<at::Tensor> gradients(const at::Tensor &y, const at::Tensor &dy, const std::vector<at::Tensor> &inputs) {
  return torch::autograd::grad({y}, inputs, {dy.to(at::kDouble)});
}

// The packed copies of a weight (n_out, n_in), with the memory that they lie in.
template <typename T> struct Packed {
  std::vector<T> forward, backward;
  PackedWeight<T> weight;

  explicit Packed(const at::Tensor &w) : forward(w.numel()), backward(w.numel()) {
    const int64_t n_out = w.size(0), n_in = w.size(1);
    const at::Tensor in_float32 = w.to(at::kFloat).contiguous();
    weight = {{forward.data(), n_in, n_out}, {backward.data(), n_out, n_in}};
    pack_weight<T>(matrix<float>(in_float32), weight);
  }
};

// What dropout multiplies by from the counter `first` on: 0 or 1 / (1 - p).
inline at::Tensor dropout_factors(const DropoutMask *mask, uint64_t first, at::IntArrayRef sizes) {
  const at::Tensor factors = at::ones(sizes, at::kDouble);
  if (mask != nullptr) {
    std::vector<uint8_t> keep(mask_bytes(factors.numel()));
    draw_all(*mask, first, factors.numel(), keep.data());
    factors.copy_(at::from_blob(keep.data(), sizes, at::kByte)).mul_(double(mask->scale));
  }
  return factors;
}

// A matrix whose columns lie in panels that interleave nothing, as one that lies row by row.
template <typename T> at::Tensor from_panels(Panels<const T> panels) {
  const at::Tensor x = zeros<T>({panels.rows, panels.cols});
  for (int64_t row = 0; row < panels.rows; ++row) {
    for (int64_t col = 0; col < panels.cols; ++col) {
      matrix<T>(x).at(row, col)[0] = panels.at(row, col / PANEL * PANEL)[col % PANEL];
    }
  }
  return x;
}

inline bool is_close(const char *name, const at::Tensor &actual, const at::Tensor &expected, double tolerance) {
  if (std::getenv("CHECKSUMS") != nullptr) { // to compare two builds bit for bit
    const at::Tensor bytes = actual.detach().contiguous().view(at::kByte).to(at::kLong);
    const at::Tensor weights = at::arange(bytes.numel(), at::kLong).mul(2654435761).add(1);
    std::printf("%s %016llx\n", name, (unsigned long long)(bytes.flatten() * weights).sum().item<int64_t>());
  }
  const at::Tensor a = actual.detach().to(at::kDouble), e = expected.detach().to(at::kDouble);
  const double difference = (a - e).abs().max().item<double>(), size = e.abs().max().item<double>();
  if (!(difference <= tolerance * size)) {
    std::printf("%s: %g off of %g, allowed are %g of it\n", name, difference, size, tolerance);
    return false;
  }
  return true;
}
