// Casts of many tensors to bfloat16 at once, and of their gradients back to float32: an autograd operator over ATen's
// `_foreach_copy_`.

#include "aten/autograd_operator.h"

#include <ATen/ops/_foreach_copy.h>

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t ALIGNMENT = 64; // elements: a cache line or more

// Empty tensors of these shapes in one buffer.
variable_list side_by_side(at::TensorList shapes, at::ScalarType kind) {
  std::vector<int64_t> offsets;
  int64_t size = 0;
  for (const at::Tensor &shape : shapes) {
    offsets.push_back(size);
    size += (shape.numel() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
  const at::Tensor buffer = at::empty({size}, shapes[0].options().dtype(kind).requires_grad(false));
  variable_list parts;
  for (size_t i = 0; i < shapes.size(); ++i) {
    parts.push_back(buffer.narrow(0, offsets[i], shapes[i].numel()).view(shapes[i].sizes()));
  }
  return parts;
}

variable_list copies(at::TensorList tensors, at::ScalarType kind) {
  const at::AutoDispatchBelowADInplaceOrView no_views; // to autograd each is a tensor of its own
  variable_list made = side_by_side(tensors, kind);
  at::_foreach_copy_(made, tensors);
  return made;
}

struct AsBf16 : torch::autograd::Function<AsBf16> {
  static variable_list forward(AutogradContext *context, at::TensorList tensors) {
    const variable_list cast = copies(tensors, at::kBFloat16);
    variable_list constant;
    for (size_t i = 0; i < tensors.size(); ++i) {
      if (!tensors[i].requires_grad()) {
        constant.push_back(cast[i]);
      }
    }
    context->mark_non_differentiable(constant);
    context->set_materialize_grads(false);
    return cast;
  }

  static variable_list backward(AutogradContext *, variable_list grads) {
    variable_list known;
    for (const at::Tensor &grad : grads) {
      if (grad.defined()) {
        known.push_back(grad);
      }
    }
    const variable_list computed = known.empty() ? known : copies(known, at::kFloat);
    size_t next = 0;
    for (at::Tensor &grad : grads) {
      if (grad.defined()) {
        grad = computed[next++];
      }
    }
    return grads;
  }
};

} // namespace

int32_t bert_kernels_as_bf16(const bert_kernels_tensor *handles, int64_t n, bert_kernels_tensor *cast) {
  return catch_errors([&] {
    const variable_list inputs = tensors(handles, n);
    const variable_list outputs = AsBf16::apply(at::TensorList(inputs));
    for (int64_t i = 0; i < n; ++i) {
      cast[i] = new at::Tensor(outputs[i]);
    }
  });
}
