#include "cpu/ops/residual_layer_norm.h"

#include "cpu/base/parallel.h"
#include "cpu/ops/pack.h"

#include <cmath>

namespace {

using c10::BFloat16;

static_assert(CHUNK <= MAX_TRANSPOSED_ROWS, "a chunk of dx is transposed at once");

// The mask of a chunk: 1 where an element is kept, else 0; null where nothing is dropped.
struct ChunkMask {
  const uint8_t *keep;
  float scale;
};

const uint8_t *draw_chunk(const DropoutMask *mask, int64_t begin, int64_t n, uint8_t *bytes) {
  return mask == nullptr ? nullptr : draw(*mask, 0, begin, n, bytes);
}

INLINE Floats drop(Floats x, const uint8_t *keep, int64_t at, float scale) {
  return keep == nullptr ? x : x * (load_mask(keep + at) * scale);
}

void add(const float *x, const float *residual, const uint8_t *keep, float scale, int64_t n, float *sum) {
  for (int64_t i = 0; i < n; i += LANES) {
    store(sum + i, load(residual + i, n - i) + drop(load(x + i, n - i), keep, i, scale), n - i);
  }
}

// x becomes n; y = dropout(w n + b).
template <typename T>
void normalize(Matrix<float> x, LayerNorm weights, ChunkMask mask, float *factors, Matrix<float> to, T *y_bf16) {
  const int64_t n = x.rows, width = x.cols;
  const uint8_t *keep = mask.keep;
  const float scale = mask.scale;
  float *rows = x.data, *y = to.data;
  for (int64_t row = 0; row < n; ++row, rows += width, y += width, y_bf16 += width) {
    Floats total{}, squares{};
    for (int64_t i = 0; i < width; i += LANES) {
      total += load(rows + i, width - i);
    }
    const float mean = sum(total) / float(width);
    for (int64_t i = 0; i < width; i += LANES) {
      const Floats centered = select(lanes_below(width - i), load(rows + i, width - i) - mean, Floats{});
      squares += centered * centered;
    }
    const float factor = 1.0f / std::sqrt(sum(squares) / float(width) + weights.eps);
    factors[row] = factor;
    for (int64_t i = 0; i < width; i += LANES) {
      const Floats normalized = (load(rows + i, width - i) - mean) * factor;
      store(rows + i, normalized, width - i);
      Floats out = normalized * load(weights.weight + i, width - i) + load(weights.bias + i, width - i);
      out = drop(out, keep, row * width + i, scale);
      store(y + i, out, width - i);
      store(y_bf16 + i, out, width - i);
    }
  }
}

// y = w n + b: ds = (g - mean(g) - n mean(g n)) r with g = w dy, in place of dy.
void normalize_backward(Matrix<float> dy, const float *weight, const float *normalized, const float *factors, float *dweight,
                        float *dbias) {
  const int64_t n = dy.rows, width = dy.cols;
  float *gradient = dy.data;
  const float *rows = normalized;
  std::memset(dweight, 0, width * sizeof(float));
  std::memset(dbias, 0, width * sizeof(float));
  for (int64_t row = 0; row < n; ++row, gradient += width, rows += width) {
    Floats direct{}, along{};
    for (int64_t i = 0; i < width; i += LANES) {
      const int64_t left = width - i;
      const Floats g = load(gradient + i, left), x = load(rows + i, left);
      store(dweight + i, load(dweight + i, left) + g * x, left);
      store(dbias + i, load(dbias + i, left) + g, left);
      const Floats weighted = g * load(weight + i, left);
      direct += weighted;
      along += weighted * x;
    }
    const float mean = sum(direct) / float(width), slope = sum(along) / float(width);
    for (int64_t i = 0; i < width; i += LANES) {
      const int64_t left = width - i;
      const Floats weighted = load(gradient + i, left) * load(weight + i, left);
      store(gradient + i, (weighted - mean - load(rows + i, left) * slope) * factors[row], left);
    }
  }
}

// dx = dropout(ds), its transpose and its sums.
template <typename T>
void drop_backward(const float *ds, ChunkMask mask, Matrix<T> dx, Matrix<T> dx_transposed, float *sums) {
  const uint8_t *keep = mask.keep;
  const float scale = mask.scale;
  const int64_t n = dx.rows, width = dx.cols;
  T *dropped = dx.data;
  std::memset(sums, 0, width * sizeof(float));
  for (int64_t row = 0; row < n; ++row) {
    for (int64_t i = 0; i < width; i += LANES) {
      const int64_t at = row * width + i, left = width - i;
      const Floats g = drop(load(ds + at, left), keep, at, scale);
      store(sums + i, load(sums + i, left) + g, left);
      store(dropped + at, g, left);
    }
  }
  transpose_rows(Matrix<const T>(dx), dx_transposed);
}

void drop_in_place(float *x, const uint8_t *keep, float scale, int64_t n) {
  for (int64_t i = 0; i < n; i += LANES) {
    store(x + i, drop(load(x + i, n - i), keep, i, scale), n - i);
  }
}

// Calls `task(chunk, row, n_rows, mask)` for every chunk of a matrix (n, width), with the mask of its elements.
template <typename Task> void for_chunks(int64_t n, int64_t width, const DropoutMask *mask, const Task &task) {
  parallel_for(ceil_div(n, CHUNK), [&](WorkQueue &queue) {
    std::vector<uint8_t> bytes(mask == nullptr ? 0 : mask_bytes(CHUNK * width) + LANES);
    for (int64_t chunk; queue.next(chunk);) {
      const int64_t row = chunk * CHUNK, n_rows = std::min(CHUNK, n - row);
      const uint8_t *keep = draw_chunk(mask, row * width, n_rows * width, bytes.data());
      task(chunk, row, n_rows, ChunkMask{keep, mask == nullptr ? 1.0f : mask->scale});
    }
  });
}

} // namespace

template <typename T>
void residual_layer_norm_forward(Matrix<const float> x, Matrix<const float> residual, const DropoutMask *mask,
                                 const LayerNorm &norm, LayerNormActivations kept, HiddenStates<T> out) {
  for_chunks(x.rows, x.cols, mask, [&](int64_t, int64_t row, int64_t n, ChunkMask chunk_mask) {
    const Matrix<float> sum = kept.normalized.rows_from(row, n);
    add(x.row(row), residual.row(row), chunk_mask.keep, chunk_mask.scale, n * x.cols, sum.data);
    normalize(sum, norm, {nullptr, 1.0f}, kept.factors + row, out.y.rows_from(row, n), out.y_bf16.row(row));
  });
}

template <typename T>
void layer_norm_dropout_forward(const DropoutMask *mask, const LayerNorm &norm, LayerNormActivations kept,
                                HiddenStates<T> out) {
  const Matrix<float> x = kept.normalized;
  for_chunks(x.rows, x.cols, mask, [&](int64_t, int64_t row, int64_t n, ChunkMask chunk_mask) {
    normalize(x.rows_from(row, n), norm, chunk_mask, kept.factors + row, out.y.rows_from(row, n), out.y_bf16.row(row));
  });
}

template <typename T>
void residual_layer_norm_backward(Matrix<float> dy, const DropoutMask *mask, const float *weight, LayerNormActivations kept,
                                  LayerNormSums sums, DroppedGradient<T> out) {
  for_chunks(dy.rows, dy.cols, mask, [&](int64_t chunk, int64_t row, int64_t n, ChunkMask chunk_mask) {
    normalize_backward(dy.rows_from(row, n), weight, kept.normalized.row(row), kept.factors + row, sums.dweight.row(chunk),
                       sums.dbias.row(chunk));
    drop_backward(dy.row(row), chunk_mask, out.dx.rows_from(row, n), out.dx_transposed.columns_from(row, n),
                  out.sums.row(chunk));
  });
}

void layer_norm_dropout_backward(Matrix<float> dy, const DropoutMask *mask, const float *weight, LayerNormActivations kept,
                                 LayerNormSums sums) {
  for_chunks(dy.rows, dy.cols, mask, [&](int64_t chunk, int64_t row, int64_t n, ChunkMask chunk_mask) {
    drop_in_place(dy.row(row), chunk_mask.keep, chunk_mask.scale, n * dy.cols);
    normalize_backward(dy.rows_from(row, n), weight, kept.normalized.row(row), kept.factors + row, sums.dweight.row(chunk),
                       sums.dbias.row(chunk));
  });
}

#define FOR_TYPE(T)                                                                                                       \
  template void residual_layer_norm_forward(Matrix<const float>, Matrix<const float>, const DropoutMask *,                \
                                            const LayerNorm &, LayerNormActivations, HiddenStates<T>);                    \
  template void layer_norm_dropout_forward(const DropoutMask *, const LayerNorm &, LayerNormActivations,                  \
                                           HiddenStates<T>);                                                              \
  template void residual_layer_norm_backward(Matrix<float>, const DropoutMask *, const float *, LayerNormActivations,     \
                                             LayerNormSums, DroppedGradient<T>);
FOR_TYPE(float)
FOR_TYPE(BFloat16)
#undef FOR_TYPE
