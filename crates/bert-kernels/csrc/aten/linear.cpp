// A linear layer of a few rows on the CPU as an autograd operator: its products are the kernels' own, in registers, so that no BLAS
// and no number of threads has a say in their sums.

#include "aten/autograd_operator.h"
#include "cpu/cpu_kernels.h"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The product of two matrices of float32, of which the first may be the transpose of one that lies row by row.
at::Tensor product(const at::Tensor &a, const at::Tensor &right) {
  const at::Tensor b = right.contiguous();
  at::Tensor c = at::empty({a.size(0), b.size(1)}, b.options());
  bert_kernels_multiply_small({a.const_data_ptr<float>(), a.stride(0), a.stride(1), b.const_data_ptr<float>(),
                         c.mutable_data_ptr<float>(), a.size(0), b.size(1), b.size(0)});
  return c;
}

struct Linear : torch::autograd::Function<Linear> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias) {
    context->save_for_backward({x, weight});
    // The weight is read row by row, and the rows of x lie side by side in a vector.
    return (product(weight, x.t()).t() + bias).contiguous();
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor dy = grads[0].contiguous(), &x = saved[0], &weight = saved[1];
    return {context->needs_input_grad(0) ? product(dy, weight) : at::Tensor(),
            context->needs_input_grad(1) ? product(dy.t(), x) : at::Tensor(),
            context->needs_input_grad(2) ? dy.sum(0) : at::Tensor()};
  }
};

} // namespace

bert_kernels_tensor bert_kernels_linear(bert_kernels_tensor x, bert_kernels_tensor weight, bert_kernels_tensor bias) {
  return guarded([&] {
    for (const at::Tensor &it : {tensor(x), tensor(weight), tensor(bias)}) {
      TORCH_CHECK(it.device().is_cpu() && it.scalar_type() == at::kFloat, "expected float32 on the CPU, found ", it.toString());
    }
    TORCH_CHECK(tensor(x).dim() == 2 && tensor(weight).dim() == 2 && tensor(x).size(1) == tensor(weight).size(1),
                "a weight ", tensor(weight).sizes(), " cannot multiply ", tensor(x).sizes());
    return Linear::apply(tensor(x), tensor(weight).contiguous(), tensor(bias));
  });
}
