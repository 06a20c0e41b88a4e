#include "norm.h"

namespace {

using c10::BFloat16;

// Elements of a chunk that are kept; null where nothing is dropped.
VECTORISED const uint8_t *draw_chunk(const Mask *mask, int64_t begin, int64_t n, uint8_t *room) {
  return mask == nullptr ? nullptr : draw(*mask, 0, begin, n, room);
}

INLINE Floats drop(Floats x, const uint8_t *keep, int64_t at, float scale) {
  return keep == nullptr ? x : x * (load_mask(keep + at) * scale);
}

VECTORISED void add(const float *x, const float *residual, const uint8_t *keep, float scale, int64_t n, float *sum) {
  for (int64_t i = 0; i < n; i += LANES) {
    store(sum + i, load(residual + i, n - i) + drop(load(x + i, n - i), keep, i, scale), n - i);
  }
}

template <typename T>
VECTORISED void normalise(int64_t n, int64_t width, const NormWeights &weights, const uint8_t *keep, float scale, float *rows,
                          float *factors, float *y, T *narrow) {
  for (int64_t row = 0; row < n; ++row, rows += width, y += width, narrow += width) {
    Floats total{}, squares{};
    for (int64_t i = 0; i < width; i += LANES) {
      total += load(rows + i, width - i);
    }
    const float mean = sum(total) / float(width);
    const Ints lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (int64_t i = 0; i < width; i += LANES) {
      const Floats centred = select(lane < int32_t(width - i), load(rows + i, width - i) - mean, Floats{});
      squares += centred * centred;
    }
    const float factor = 1.0f / std::sqrt(sum(squares) / float(width) + weights.eps);
    factors[row] = factor;
    for (int64_t i = 0; i < width; i += LANES) {
      const Floats normalised = (load(rows + i, width - i) - mean) * factor;
      store(rows + i, normalised, width - i);
      Floats out = normalised * load(weights.weight + i, width - i) + load(weights.bias + i, width - i);
      out = drop(out, keep, row * width + i, scale);
      store(y + i, out, width - i);
      store(narrow + i, out, width - i);
    }
  }
}

// The gradient of the rows before the normalisation, in place of that of the normalised ones times `weight`.
VECTORISED void normalise_backward(float *gradient, const float *weight, int64_t n, int64_t width, const float *rows,
                                   const float *factors, float *of_weight, float *of_bias) {
  std::memset(of_weight, 0, width * sizeof(float));
  std::memset(of_bias, 0, width * sizeof(float));
  for (int64_t row = 0; row < n; ++row, gradient += width, rows += width) {
    Floats direct{}, along{};
    for (int64_t i = 0; i < width; i += LANES) {
      const int64_t left = width - i;
      const Floats g = load(gradient + i, left), x = load(rows + i, left);
      store(of_weight + i, load(of_weight + i, left) + g * x, left);
      store(of_bias + i, load(of_bias + i, left) + g, left);
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

template <typename T>
VECTORISED void drop_backward(const float *gradient, const uint8_t *keep, float scale, int64_t n, int64_t width, T *dropped,
                              T *transposed, int64_t stride, float *sums) {
  std::memset(sums, 0, width * sizeof(float));
  for (int64_t row = 0; row < n; ++row) {
    for (int64_t i = 0; i < width; i += LANES) {
      const int64_t at = row * width + i, left = width - i;
      const Floats g = drop(load(gradient + at, left), keep, at, scale);
      store(sums + i, load(sums + i, left) + g, left);
      store(dropped + at, g, left);
    }
  }
  transpose_rows(dropped, n, width, width, transposed, stride);
}

VECTORISED void drop_in_place(float *x, const uint8_t *keep, float scale, int64_t n) {
  for (int64_t i = 0; i < n; i += LANES) {
    store(x + i, drop(load(x + i, n - i), keep, i, scale), n - i);
  }
}

// Calls `task(row, n_rows, keep)` for every chunk, with the mask of its elements.
template <typename Task> void for_chunks(int64_t n, int64_t width, const Mask *mask, const Task &task) {
  share_out(ceil_div(n, CHUNK), [&](Items &items) {
    std::vector<uint8_t> room(mask == nullptr ? 0 : mask_room(CHUNK * width) + LANES);
    for (int64_t chunk; items.take(chunk);) {
      const int64_t row = chunk * CHUNK, n_rows = std::min(CHUNK, n - row);
      task(chunk, row, n_rows, draw_chunk(mask, row * width, n_rows * width, room.data()));
    }
  });
}

float scale_of(const Mask *mask) { return mask == nullptr ? 1.0f : mask->scale; }

VECTORISED void add_rows(const float *rows, int64_t n, int64_t width, int64_t begin, int64_t end, float *to, bool add) {
  for (int64_t i = begin; i < end; i += LANES) {
    const int64_t left = end - i;
    Floats total = add ? load(to + i, left) : Floats{};
    for (int64_t row = 0; row < n; ++row) {
      total += load(rows + row * width + i, left);
    }
    store(to + i, total, left);
  }
}

} // namespace

template <typename T>
void add_and_normalise(const float *x, const float *residual, const Mask *mask, const NormWeights &weights, int64_t n,
                       int64_t width, const Normalised &kept, float *y, T *narrow) {
  for_chunks(n, width, mask, [&](int64_t, int64_t row, int64_t n_rows, const uint8_t *keep) {
    const int64_t at = row * width;
    add(x + at, residual + at, keep, scale_of(mask), n_rows * width, kept.rows + at);
    normalise(n_rows, width, weights, nullptr, 1.0f, kept.rows + at, kept.factors + row, y + at, narrow + at);
  });
}

template <typename T>
void normalise_and_drop(const Mask *mask, const NormWeights &weights, int64_t n, int64_t width, const Normalised &kept,
                        float *y, T *narrow) {
  for_chunks(n, width, mask, [&](int64_t, int64_t row, int64_t n_rows, const uint8_t *keep) {
    const int64_t at = row * width;
    normalise(n_rows, width, weights, keep, scale_of(mask), kept.rows + at, kept.factors + row, y + at, narrow + at);
  });
}

template <typename T>
void add_and_normalise_backward(float *gradient, const Mask *mask, const float *weight, int64_t n, int64_t width,
                                const Normalised &kept, const RowSums &sums, T *dropped, T *transposed, int64_t stride,
                                float *of_x) {
  for_chunks(n, width, mask, [&](int64_t chunk, int64_t row, int64_t n_rows, const uint8_t *keep) {
    const int64_t at = row * width, of_chunk = chunk * width;
    normalise_backward(gradient + at, weight, n_rows, width, kept.rows + at, kept.factors + row, sums.weight + of_chunk,
                       sums.bias + of_chunk);
    drop_backward(gradient + at, keep, scale_of(mask), n_rows, width, dropped + at, transposed + row, stride,
                  of_x + of_chunk);
  });
}

void normalise_and_drop_backward(float *gradient, const Mask *mask, const float *weight, int64_t n, int64_t width,
                                 const Normalised &kept, const RowSums &sums) {
  for_chunks(n, width, mask, [&](int64_t chunk, int64_t row, int64_t n_rows, const uint8_t *keep) {
    const int64_t at = row * width, of_chunk = chunk * width;
    drop_in_place(gradient + at, keep, scale_of(mask), n_rows * width);
    normalise_backward(gradient + at, weight, n_rows, width, kept.rows + at, kept.factors + row, sums.weight + of_chunk,
                       sums.bias + of_chunk);
  });
}

void reduce(const float *sums, int64_t n_chunks, int64_t width, float *to, bool add) {
  add_rows(sums, n_chunks, width, 0, width, to, add);
}

#define FOR_TYPE(T)                                                                                                       \
  template void add_and_normalise(const float *, const float *, const Mask *, const NormWeights &, int64_t, int64_t,     \
                                  const Normalised &, float *, T *);                                                      \
  template void normalise_and_drop(const Mask *, const NormWeights &, int64_t, int64_t, const Normalised &, float *,     \
                                   T *);                                                                                  \
  template void add_and_normalise_backward(float *, const Mask *, const float *, int64_t, int64_t, const Normalised &,   \
                                           const RowSums &, T *, T *, int64_t, float *);
FOR_TYPE(float)
FOR_TYPE(BFloat16)
