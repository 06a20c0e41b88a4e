// Packed attention (flash attention with cu_seqlens) as an autograd operator, by ATen's kernel: for bfloat16 on CUDA.
//
// Its memory-efficient sibling would do float32, too, but of libtorch 2.11 at least, given cu_seqlens, its backward pass draws
// another mask than its forward pass.

#include "aten/autograd_operator.h"

#include <ATen/ops/_flash_attention_backward.h>
#include <ATen/ops/_flash_attention_forward.h>

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The rows as queries, keys and values, each (n_rows, heads, size), without a copy.
std::array<at::Tensor, 3> query_key_value_of(const at::Tensor &rows, int64_t heads) {
  const at::Tensor parts = rows.view({rows.size(0), 3, heads, rows.size(1) / (3 * heads)});
  return {parts.select(1, 0), parts.select(1, 1), parts.select(1, 2)};
}

// While it lives, kernels that can add up in a fixed order do; memory is not filled for it.
class DeterministicAlgorithms {
public:
  DeterministicAlgorithms() { set(true, false, false); }
  ~DeterministicAlgorithms() { set(was_, warned_, filled_); }
  DeterministicAlgorithms(const DeterministicAlgorithms &) = delete;
  DeterministicAlgorithms &operator=(const DeterministicAlgorithms &) = delete;

private:
  static at::Context &context() { return at::globalContext(); }
  static void set(bool deterministic, bool warn_only, bool filled) {
    context().setDeterministicAlgorithms(deterministic, warn_only);
    context().setDeterministicFillUninitializedMemory(filled);
  }
  const bool was_ = context().deterministicAlgorithms(), warned_ = context().deterministicAlgorithmsWarnOnly(),
             filled_ = context().deterministicFillUninitializedMemory();
};

struct PackedAttention : torch::autograd::Function<PackedAttention> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &rows, const at::Tensor &cu_seqlens,
                            const std::optional<at::Tensor> &first_rows, const bert_kernels_attention_options &options) {
    auto [queries, keys, values] = query_key_value_of(rows, options.heads);
    at::Tensor cu_queries = cu_seqlens;
    int64_t max_queries = options.max_seqlen;
    if (first_rows) {
      queries = queries.index_select(0, *first_rows);
      cu_queries = at::arange(first_rows->numel() + 1, cu_seqlens.options());
      max_queries = 1;
    }
    const auto [output, logsumexp, random_state, unused, _mask] =
        at::_flash_attention_forward(queries, keys, values, cu_queries, cu_seqlens, max_queries, options.max_seqlen, options.p,
                                     /*is_causal=*/false, /*return_debug_mask=*/false);
    context->save_for_backward({rows, cu_seqlens, cu_queries, queries, output, logsumexp, random_state, unused,
                                first_rows.value_or(at::Tensor())});
    context->saved_data["max_seqlen"] = options.max_seqlen;
    context->saved_data["max_queries"] = max_queries;
    context->saved_data["heads"] = options.heads;
    context->saved_data["p"] = options.p;
    return output.reshape({queries.size(0), -1});
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &rows = saved[0], &queries = saved[3], &output = saved[4], &first_rows = saved[8];
    const int64_t heads = context->saved_data["heads"].toInt();
    const auto [_, keys, values] = query_key_value_of(rows, heads);
    const auto [dqueries, dkeys, dvalues] = [&, keys = keys, values = values] {
      const DeterministicAlgorithms deterministic;
      return at::_flash_attention_backward(grads[0].contiguous().view_as(output), queries, keys, values, output, saved[5],
                                           saved[2], saved[1], context->saved_data["max_queries"].toInt(),
                                           context->saved_data["max_seqlen"].toInt(), context->saved_data["p"].toDouble(),
                                           /*is_causal=*/false, saved[6], saved[7]);
    }();
    at::Tensor dall_queries = dqueries;
    if (first_rows.defined()) {
      dall_queries = at::zeros_like(dkeys);
      dall_queries.index_copy_(0, first_rows, dqueries);
    }
    return {at::stack({dall_queries, dkeys, dvalues}, 1).view_as(rows), {}, {}, {}};
  }
};

// The largest head of which every GPU that has the kernel has its backward pass, too.
constexpr int64_t MAX_SIZE = 128;

// Tries the kernel: which GPUs have it, libtorch alone knows.
bool has_kernel(const at::Device &device) {
  return catch_errors([&] {
           const at::NoGradGuard no_grad;
           const at::Tensor rows = at::zeros({4, 3 * 32}, at::TensorOptions(device).dtype(at::kBFloat16));
           const at::Tensor cu_seqlens = at::arange(0, 5, 4, at::TensorOptions(device).dtype(at::kInt));
           PackedAttention::apply(rows, cu_seqlens, std::optional<at::Tensor>(),
                                  bert_kernels_attention_options{/*max_seqlen=*/4, /*heads=*/1, /*p=*/0.0});
         }) == 0;
}

} // namespace

int32_t bert_kernels_packed_attention_runs(bert_kernels_tensor rows, int64_t size) {
  const at::Tensor &x = tensor(rows);
  if (!x.is_cuda() || x.scalar_type() != at::kBFloat16 || size % 8 != 0 || size > MAX_SIZE) {
    return 0;
  }
  static const bool there = has_kernel(x.device());
  return there;
}

bert_kernels_tensor bert_kernels_packed_attention(bert_kernels_tensor rows, bert_kernels_tensor cu_seqlens,
                                                  bert_kernels_tensor first_rows,
                                                  const bert_kernels_attention_options *options) {
  return guarded([&] {
    const auto first = first_rows == nullptr ? std::nullopt : std::optional(tensor(first_rows));
    return PackedAttention::apply(tensor(rows), tensor(cu_seqlens), first, *options);
  });
}
