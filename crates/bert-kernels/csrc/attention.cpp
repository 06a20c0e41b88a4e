#include "attention.h"

#include "matrix.h"
#include "small_product.h"

namespace {

using c10::BFloat16;

// Queries whose probabilities are worked on while they are in the first cache.
constexpr int64_t TILE = 24;

// One head of one sentence: its operands as float32, rows padded to whole vectors, and room for the probabilities of a
// tile of queries. One piece of memory for each thread, which grows with the longest sentence.
struct Head {
  int64_t n_queries, length, size, padded_size, padded_length;
  float *query, *key, *value;         // (n_queries or length, padded_size)
  float *key_columns, *value_columns; // (padded_size, padded_length)
  float *shares, *kept_shares;        // (TILE, padded_length)
  float *of_query, *of_key, *of_value, *of_context;
  uint8_t *keep;
};

class Scratch {
public:
  Head head(int64_t n_queries, int64_t length, int64_t size) {
    const int64_t padded_size = round_up(size, LANES), padded_length = round_up(length, LANES);
    const int64_t of_queries = n_queries * padded_size, of_keys = length * padded_size;
    const int64_t of_columns = padded_size * padded_length, of_tile = TILE * padded_length;
    floats_.resize(3 * of_queries + 4 * of_keys + 2 * of_columns + 2 * of_tile + LANES);
    bytes_.resize(mask_room(TILE * length) + LANES);
    float *next = floats_.data();
    const auto take = [&next](int64_t n) {
      float *taken = next;
      next += n;
      return taken;
    };
    Head head{n_queries, length, size, padded_size, padded_length};
    head.query = take(of_queries), head.key = take(of_keys), head.value = take(of_keys);
    head.key_columns = take(of_columns), head.value_columns = take(of_columns);
    head.shares = take(of_tile), head.kept_shares = take(of_tile);
    head.of_query = take(of_queries), head.of_key = take(of_keys), head.of_value = take(of_keys);
    head.of_context = take(of_queries);
    head.keep = bytes_.data();
    return head;
  }

private:
  std::vector<float> floats_;
  std::vector<uint8_t> bytes_;
};

template <typename T> INLINE void read_rows(const T *from, int64_t stride, int64_t n, const Head &head, float scale, float *to) {
  for (int64_t row = 0; row < n; ++row) {
    for (int64_t i = 0; i < head.padded_size; i += LANES) {
      store(to + row * head.padded_size + i, load(from + row * stride + i, head.size - i) * scale);
    }
  }
}

template <typename T> INLINE void write_rows(const float *from, int64_t n, const Head &head, T *to, int64_t stride) {
  for (int64_t row = 0; row < n; ++row) {
    for (int64_t i = 0; i < head.size; i += LANES) {
      store(to + row * stride + i, load(from + row * head.padded_size + i), head.size - i);
    }
  }
}

// columns (padded_size, padded_length) = the transpose of rows (length, padded_size), zero behind the last row.
INLINE void columns_of(const float *rows, const Head &head, float *columns) {
  for (int64_t begin = 0; begin < head.padded_length; begin += LANES) {
    const int64_t n = std::min(LANES, head.length - begin);
    for (int64_t i = 0; i < head.padded_size; i += LANES) {
      const auto row = [=, &head](int64_t at) INLINE_LAMBDA {
        return (Words16)load(rows + (begin + at) * head.padded_size + i);
      };
      transpose_square(n, row, LANES, [=, &head](int64_t lane, Words16 words) INLINE_LAMBDA {
        store(columns + (i + lane) * head.padded_length + begin, (Floats)words);
      });
    }
  }
}

INLINE Ints lanes_below(int64_t n) {
  const Ints lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return lane < int32_t(std::min(n, LANES));
}

// e^(scores - maximum) in place, zero behind the last key; returns the sum.
INLINE float exponentials(float *scores, int64_t length, float maximum) {
  Floats total{};
  for (int64_t i = 0; i < length; i += LANES) {
    const Floats power = select(lanes_below(length - i), exponential(load(scores + i) - maximum), Floats{});
    store(scores + i, power);
    total += power;
  }
  return sum(total);
}

INLINE float largest(const float *scores, int64_t length) {
  Floats most = all(-INFINITY);
  for (int64_t i = 0; i < length; i += LANES) {
    most = larger(most, select(lanes_below(length - i), load(scores + i), most));
  }
  return maximum(most);
}

INLINE void scale(float *x, int64_t n, float factor) {
  for (int64_t i = 0; i < n; i += LANES) {
    store(x + i, load(x + i) * factor);
  }
}

// to = x with the mask of the tile's queries.
INLINE void drop_row(const float *x, const uint8_t *keep, float factor, int64_t length, float *to) {
  for (int64_t i = 0; i < length; i += LANES) {
    store(to + i, load(x + i) * (load_mask(keep + i) * factor));
  }
}

// Each head of each sentence draws from counters of its own.
INLINE const uint8_t *draw_tile(const Mask &mask, int64_t item, int64_t begin, int64_t n, const Head &head) {
  return draw(mask, uint64_t(item) << 32, begin * head.length, n * head.length, head.keep);
}

template <typename T> struct Operands {
  const T *query, *key, *value;
  int64_t query_stride, key_stride, value_stride;
};

template <typename T> INLINE void read_operands(const Operands<T> &from, const Head &head) {
  const float factor = 1.0f / std::sqrt(float(head.size));
  read_rows(from.query, from.query_stride, head.n_queries, head, factor, head.query);
  read_rows(from.key, from.key_stride, head.length, head, 1.0f, head.key);
  read_rows(from.value, from.value_stride, head.length, head, 1.0f, head.value);
  columns_of(head.key, head, head.key_columns);
}

template <typename T>
VECTORISED void head_forward(const Operands<T> &from, const Head &head, const Mask *mask, int64_t item, T *context,
                             int64_t context_stride, float *stats, int64_t stats_stride) {
  read_operands(from, head);
  for (int64_t begin = 0; begin < head.n_queries; begin += TILE) {
    const int64_t n = std::min(TILE, head.n_queries - begin);
    const Strided queries{head.query + begin * head.padded_size, head.padded_size, 1};
    small_product(n, head.padded_length, head.padded_size, queries, head.key_columns, head.padded_length, head.shares,
                  head.padded_length);
    const uint8_t *keep = mask == nullptr ? nullptr : draw_tile(*mask, item, begin, n, head);
    for (int64_t row = 0; row < n; ++row) {
      float *shares = head.shares + row * head.padded_length, *stat = stats + (begin + row) * stats_stride;
      stat[0] = largest(shares, head.length);
      stat[1] = 1.0f / exponentials(shares, head.length, stat[0]);
      scale(shares, head.padded_length, stat[1]);
      if (keep != nullptr) {
        drop_row(shares, keep + row * head.length, mask->scale, head.length, shares);
      }
    }
    small_product(n, head.padded_size, head.length, {head.shares, head.padded_length, 1}, head.value, head.padded_size,
                  head.of_query, head.padded_size);
    write_rows(head.of_query, n, head, context + begin * context_stride, context_stride);
  }
}

template <typename T>
VECTORISED void head_backward(const Operands<T> &from, const Head &head, const Mask *mask, int64_t item,
                              const T *of_context, int64_t context_stride, const float *stats, int64_t stats_stride) {
  read_operands(from, head);
  columns_of(head.value, head, head.value_columns);
  read_rows(of_context, context_stride, head.n_queries, head, 1.0f, head.of_context);
  const int64_t width = head.padded_size, length = head.padded_length;
  for (int64_t begin = 0; begin < head.n_queries; begin += TILE) {
    const int64_t n = std::min(TILE, head.n_queries - begin);
    const float *queries = head.query + begin * width, *of_context_rows = head.of_context + begin * width;
    small_product(n, length, width, {queries, width, 1}, head.key_columns, length, head.shares, length);
    const uint8_t *keep = mask == nullptr ? nullptr : draw_tile(*mask, item, begin, n, head);
    const float factor = mask == nullptr ? 1.0f : mask->scale;
    for (int64_t row = 0; row < n; ++row) {
      float *shares = head.shares + row * length, *kept = head.kept_shares + row * length;
      const float *stat = stats + (begin + row) * stats_stride;
      exponentials(shares, head.length, stat[0]);
      scale(shares, length, stat[1]);
      if (keep == nullptr) {
        std::memcpy(kept, shares, length * sizeof(float));
      } else {
        drop_row(shares, keep + row * head.length, factor, head.length, kept);
      }
    }
    small_product(head.length, width, n, {head.kept_shares, 1, length}, of_context_rows, width, head.of_value, width,
                  begin > 0);
    // From here on `kept_shares` are the gradients of the shares, then of the scores.
    small_product(n, length, width, {of_context_rows, width, 1}, head.value_columns, length, head.kept_shares, length);
    for (int64_t row = 0; row < n; ++row) {
      float *of_scores = head.kept_shares + row * length;
      const float *shares = head.shares + row * length;
      if (keep != nullptr) {
        drop_row(of_scores, keep + row * head.length, factor, head.length, of_scores);
      }
      Floats total{};
      for (int64_t i = 0; i < length; i += LANES) {
        total += load(shares + i) * load(of_scores + i);
      }
      const float mean = sum(total);
      for (int64_t i = 0; i < length; i += LANES) {
        store(of_scores + i, load(shares + i) * (load(of_scores + i) - mean));
      }
    }
    small_product(n, width, head.length, {head.kept_shares, length, 1}, head.key, width, head.of_query + begin * width,
                  width);
    small_product(head.length, width, n, {head.kept_shares, 1, length}, queries, width, head.of_key, width, begin > 0);
  }
  scale(head.of_query, head.n_queries * width, 1.0f / std::sqrt(float(head.size)));
}

template <typename T>
VECTORISED void write_gradients(const Head &head, T *query, int64_t query_stride, T *key, int64_t key_stride, T *value,
                                int64_t value_stride) {
  write_rows(head.of_query, head.n_queries, head, query, query_stride);
  write_rows(head.of_key, head.length, head, key, key_stride);
  write_rows(head.of_value, head.length, head, value, value_stride);
}

// Where a head of a sentence begins.
struct Place {
  int64_t row, query_row, column, n_queries, length;
};

// Calls `task(item, place, scratch)` for every head of every sentence.
template <typename Task> void for_heads(const Attending &how, const Task &task) {
  share_out(how.batch * how.heads, [&](Items &items) {
    thread_local Scratch scratch;
    for (int64_t at; items.take(at);) {
      const int64_t sentence = at / how.heads, head = at % how.heads;
      const int64_t row = how.starts[sentence], length = how.starts[sentence + 1] - row;
      const Place place{row, how.first_only ? sentence : row, head * how.size, how.first_only ? 1 : length, length};
      task(at, place, scratch.head(place.n_queries, length, how.size));
    }
  });
}

template <typename T> T *cell(Rows<T> rows, int64_t row, int64_t column) { return rows.data + row * rows.stride + column; }

template <typename T>
Operands<T> operands(const Place &place, Rows<const T> query, Rows<const T> key, Rows<const T> value) {
  return {cell(query, place.query_row, place.column),
          cell(key, place.row, place.column),
          cell(value, place.row, place.column),
          query.stride,
          key.stride,
          value.stride};
}

// The statistics of a query row and a head.
int64_t stats_at(const Attending &how, const Place &place) { return 2 * (place.query_row * how.heads + place.column / how.size); }

} // namespace

template <typename T>
void attend(const Attending &how, Rows<const T> query, Rows<const T> key, Rows<const T> value, Rows<T> context, float *stats) {
  for_heads(how, [&](int64_t item, const Place &place, const Head &head) {
    head_forward(operands(place, query, key, value), head, how.mask, item, cell(context, place.query_row, place.column),
                 context.stride, stats + stats_at(how, place), 2 * how.heads);
  });
}

template <typename T>
void attend_backward(const Attending &how, Rows<const T> query, Rows<const T> key, Rows<const T> value,
                     Rows<const T> of_context, const float *stats, Rows<T> of_query, Rows<T> of_key, Rows<T> of_value) {
  for_heads(how, [&](int64_t item, const Place &place, const Head &head) {
    head_backward(operands(place, query, key, value), head, how.mask, item, cell(of_context, place.query_row, place.column),
                  of_context.stride, stats + stats_at(how, place), 2 * how.heads);
    write_gradients(head, cell(of_query, place.query_row, place.column), of_query.stride, cell(of_key, place.row, place.column),
                    of_key.stride, cell(of_value, place.row, place.column), of_value.stride);
  });
}

#define FOR_TYPE(T)                                                                                                       \
  template void attend(const Attending &, Rows<const T>, Rows<const T>, Rows<const T>, Rows<T>, float *);                 \
  template void attend_backward(const Attending &, Rows<const T>, Rows<const T>, Rows<const T>, Rows<const T>,            \
                                const float *, Rows<T>, Rows<T>, Rows<T>);
FOR_TYPE(float)
FOR_TYPE(BFloat16)
