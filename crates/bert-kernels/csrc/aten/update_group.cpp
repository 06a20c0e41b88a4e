// Optimizer updates (AdamW, Adam, SGD), the gradient norm and its clipping by ATen's operators, for devices that have no kernel
// here; the formulas are those of cpu/ops/optimizer.h. Whatever changes from step to step is read from tensors on the device, so
// that a graph can do all of it again, and the host need not wait.

#include "aten/autograd_operator.h"
#include "cpu/ops/optimizer.h"

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>

namespace {

std::optional<at::Tensor> optional_tensor(bert_kernels_tensor handle) {
  return handle == nullptr ? std::nullopt : std::optional(tensor(handle));
}

void update(const bert_kernels_group &group, const bert_kernels_rule &rule, const bert_kernels_group_step &step) {
  const auto params = tensors(group.params, group.n), grads = tensors(group.grads, group.n);
  const auto divisor = optional_tensor(step.divisor), is_skipped = optional_tensor(step.is_skipped);
  const at::Tensor &learning_rate = tensor(group.learning_rate);
  const auto sgd = [&](const std::vector<at::Tensor> &momenta) {
    at::_fused_sgd_(params, grads, momenta, group.weight_decay, rule.beta1, learning_rate, /*dampening=*/0.0,
                    /*nesterov=*/false, /*maximize=*/false, /*is_first_step=*/false, divisor, is_skipped);
  };
  const auto adam = [&](auto fused) {
    const std::vector<at::Tensor> steps(group.n, tensor(step.step));
    fused(params, grads, tensors(group.firsts, group.n), tensors(group.seconds, group.n), {}, steps, learning_rate, rule.beta1,
          rule.beta2, group.weight_decay, rule.eps, /*amsgrad=*/false, /*maximize=*/false, divisor, is_skipped);
  };
  switch (UpdateKind(rule.kind)) {
  case BERT_KERNELS_ADAMW:
    return adam(&at::_ops::_fused_adamw__tensor_lr::call);
  case BERT_KERNELS_ADAM:
    return adam(&at::_ops::_fused_adam__tensor_lr::call);
  case BERT_KERNELS_SGD:
    return sgd({});
  case BERT_KERNELS_SGD_MOMENTUM:
    return sgd(tensors(group.firsts, group.n));
  }
  throw std::invalid_argument("the update rule " + std::to_string(rule.kind) + " is not known here");
}

at::Tensor norm_of(const std::vector<at::Tensor> &grads) {
  return at::stack(at::_foreach_norm(grads)).to(at::kDouble).norm();
}

} // namespace

int32_t bert_kernels_update_group(const bert_kernels_group *group, const bert_kernels_rule *rule,
                                  const bert_kernels_group_step *step) {
  return catch_errors([&] {
    const at::NoGradGuard no_grad;
    update(*group, *rule, *step);
  });
}

int32_t bert_kernels_clip(const bert_kernels_tensor *handles, int64_t n, double max_norm, const bert_kernels_clipping *clipping) {
  return catch_errors([&] {
    const at::NoGradGuard no_grad;
    const at::Tensor norm = norm_of(tensors(handles, n));
    const at::Tensor is_finite = norm.isfinite().logical_and(tensor(clipping->losses).isfinite().all());
    tensor(clipping->norm).copy_(norm);
    tensor(clipping->is_skipped).copy_(is_finite.logical_not());
    if (max_norm == 0.0) {
      tensor(clipping->divisor).fill_(1.0);
    } else {
      tensor(clipping->divisor).copy_(((norm + 1e-6) / max_norm).clamp_min(1.0));
    }
  });
}

int32_t bert_kernels_norm(const bert_kernels_tensor *handles, int64_t n, double *norm) {
  return catch_errors([&] {
    const at::NoGradGuard no_grad;
    *norm = n == 0 ? 0.0 : norm_of(tensors(handles, n)).item<double>();
  });
}

int32_t bert_kernels_accumulate(const bert_kernels_tensor *sums, const bert_kernels_tensor *values, int64_t n, int32_t add) {
  return catch_errors([&] {
    const at::NoGradGuard no_grad;
    if (add != 0) {
      at::_foreach_add_(tensors(sums, n), tensors(values, n));
    } else {
      at::_foreach_copy_(tensors(sums, n), tensors(values, n));
    }
  });
}
