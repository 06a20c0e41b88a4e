// Conversions between packed rows of tokens and zero-padded heads (parts, batch * heads, max_seqlen, size), as autograd
// operators of the CPU: for attention by ATen's operators.

#include "aten/autograd_operator.h"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The shape of one conversion; rows have parts * heads * size numbers.
struct Layout {
  at::Tensor cu_seqlens;
  int64_t n_rows, max_seqlen, parts, heads, size;

  int64_t batch() const { return cu_seqlens.numel() - 1; }
  int64_t width() const { return parts * heads * size; }
};

// Copies between the two layouts; `to_heads` says which way. Padding of the target is left as it is.
template <typename T> void copy(const Layout &layout, T *rows, T *rectangles, bool to_heads) {
  const int64_t *offsets = layout.cu_seqlens.const_data_ptr<int64_t>();
  const int64_t plane = layout.max_seqlen * layout.size;
  at::parallel_for(0, layout.batch(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t sentence = begin; sentence < end; ++sentence) {
      for (int64_t row = offsets[sentence]; row < offsets[sentence + 1]; ++row) {
        T *flat = rows + row * layout.width();
        const int64_t position = row - offsets[sentence];
        for (int64_t part = 0; part < layout.parts; ++part) {
          for (int64_t head = 0; head < layout.heads; ++head, flat += layout.size) {
            const int64_t index = (part * layout.batch() + sentence) * layout.heads + head;
            T *cell = rectangles + index * plane + position * layout.size;
            if (to_heads) {
              std::copy_n(flat, layout.size, cell);
            } else {
              std::copy_n(cell, layout.size, flat);
            }
          }
        }
      }
    }
  });
}

at::Tensor to_heads(const at::Tensor &input, const Layout &layout) {
  const at::Tensor rows = input.contiguous();
  at::Tensor rectangles =
      at::zeros({layout.parts, layout.batch() * layout.heads, layout.max_seqlen, layout.size}, rows.options());
  AT_DISPATCH_FLOATING_TYPES_AND(at::kBFloat16, rows.scalar_type(), "heads_from_rows", [&] {
    copy(layout, const_cast<scalar_t *>(rows.const_data_ptr<scalar_t>()), rectangles.mutable_data_ptr<scalar_t>(), true);
  });
  return rectangles;
}

at::Tensor to_rows(const at::Tensor &input, const Layout &layout) {
  const at::Tensor rectangles = input.contiguous();
  at::Tensor rows = at::empty({layout.n_rows, layout.width()}, rectangles.options());
  const int64_t used = layout.cu_seqlens.const_data_ptr<int64_t>()[layout.batch()];
  rows.narrow(0, used, layout.n_rows - used).zero_();
  AT_DISPATCH_FLOATING_TYPES_AND(at::kBFloat16, rows.scalar_type(), "rows_from_heads", [&] {
    copy(layout, rows.mutable_data_ptr<scalar_t>(), const_cast<scalar_t *>(rectangles.const_data_ptr<scalar_t>()), false);
  });
  return rows;
}

// Each way is the adjoint of the other: padding is zero in one direction and unread in the other.
struct HeadsFromRows : torch::autograd::Function<HeadsFromRows> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &rows, const at::Tensor &cu_seqlens,
                            int64_t max_seqlen, int64_t parts, int64_t heads) {
    const Layout layout{cu_seqlens, rows.size(0), max_seqlen, parts, heads, rows.size(1) / (parts * heads)};
    context->saved_data["cu_seqlens"] = cu_seqlens;
    context->saved_data["n_rows"] = layout.n_rows;
    context->saved_data["heads"] = heads;
    return to_heads(rows, layout);
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    const at::Tensor &grad = grads[0];
    const Layout layout{context->saved_data["cu_seqlens"].toTensor(), context->saved_data["n_rows"].toInt(),
                        grad.size(2), grad.size(0), context->saved_data["heads"].toInt(), grad.size(3)};
    return {to_rows(grad, layout), {}, {}, {}, {}};
  }
};

struct RowsFromHeads : torch::autograd::Function<RowsFromHeads> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &rectangles, const at::Tensor &cu_seqlens,
                            int64_t n_rows, int64_t heads) {
    const Layout layout{cu_seqlens, n_rows, rectangles.size(2), rectangles.size(0), heads, rectangles.size(3)};
    context->saved_data["cu_seqlens"] = cu_seqlens;
    context->saved_data["sizes"] = rectangles.sizes().vec();
    context->saved_data["heads"] = heads;
    return to_rows(rectangles, layout);
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    const std::vector<int64_t> sizes = context->saved_data["sizes"].toIntVector();
    const Layout layout{context->saved_data["cu_seqlens"].toTensor(), grads[0].size(0), sizes[2], sizes[0],
                        context->saved_data["heads"].toInt(), sizes[3]};
    return {to_heads(grads[0], layout), {}, {}, {}};
  }
};

} // namespace

bert_kernels_tensor bert_kernels_heads_from_rows(bert_kernels_tensor rows, bert_kernels_tensor cu_seqlens, int64_t max_seqlen,
                                           int64_t parts, int64_t heads) {
  return guarded([&] { return HeadsFromRows::apply(tensor(rows), tensor(cu_seqlens), max_seqlen, parts, heads); });
}

bert_kernels_tensor bert_kernels_rows_from_heads(bert_kernels_tensor rectangles, bert_kernels_tensor cu_seqlens, int64_t n_rows,
                                           int64_t heads) {
  return guarded([&] { return RowsFromHeads::apply(tensor(rectangles), tensor(cu_seqlens), n_rows, heads); });
}
