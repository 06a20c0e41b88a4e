// Optimizer updates (AdamW, Adam, SGD) and the gradient norm by ATen's fused operators, for devices that have no kernel here;
// the formulas are those of cpu/ops/optimizer.h.

#include "aten/autograd_operator.h"
#include "cpu/ops/optimizer.h"

#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>

namespace {

void update(const bert_kernels_group &group, const bert_kernels_rule &rule) {
  const auto params = tensors(group.params, group.n), grads = tensors(group.grads, group.n);
  const auto options = params[0].options();
  std::optional<at::Tensor> divisor; // by which the operators divide the gradients
  if (rule.grad_scale != 1.0) {
    divisor = at::full({}, 1.0 / rule.grad_scale, options);
  }
  if (rule.kind == BERT_KERNELS_SGD || rule.kind == BERT_KERNELS_SGD_MOMENTUM) {
    const auto momenta = rule.kind == BERT_KERNELS_SGD ? std::vector<at::Tensor>() : tensors(group.firsts, group.n);
    at::_fused_sgd_(params, grads, momenta, group.weight_decay, rule.beta1, group.learning_rate, /*dampening=*/0.0,
                    /*nesterov=*/false, /*maximize=*/false, /*is_first_step=*/false, divisor);
    return;
  }
  const auto firsts = tensors(group.firsts, group.n), seconds = tensors(group.seconds, group.n);
  const std::vector<at::Tensor> steps(group.n, at::full({}, double(rule.step), options));
  const auto adam = rule.kind == BERT_KERNELS_ADAMW ? &at::_ops::_fused_adamw_::call : &at::_ops::_fused_adam_::call;
  adam(params, grads, firsts, seconds, {}, steps, group.learning_rate, rule.beta1, rule.beta2, group.weight_decay, rule.eps,
       /*amsgrad=*/false, /*maximize=*/false, divisor, {});
}

} // namespace

int32_t bert_kernels_update_group(const bert_kernels_group *group, const bert_kernels_rule *rule) {
  return catch_errors([&] {
    const at::NoGradGuard no_grad;
    update(*group, *rule);
  });
}

int32_t bert_kernels_norm(const bert_kernels_tensor *handles, int64_t n, double *norm) {
  return catch_errors([&] {
    const at::NoGradGuard no_grad;
    *norm = n == 0 ? 0.0 : at::stack(at::_foreach_norm(tensors(handles, n))).to(at::kDouble).norm().item<double>();
  });
}
