#include "cpu/ops/attention.h"

#include "cpu/base/parallel.h"
#include "cpu/ops/small_product.h"
#include "cpu/ops/softmax.h"

#include <cmath>

namespace {

using c10::BFloat16;

// Queries whose probabilities are worked on while they are in the first cache, which takes them twice in the backward pass: of a
// sentence of up to 32 tokens all, of one of 128 tokens 12 KiB. Whole tiles of 6 rows of `small_product`.
int64_t tile_of(int64_t padded_length) { return std::max<int64_t>(24, 2048 / padded_length / 12 * 12); }

// One head of one sentence: its operands as float32, rows padded to whole vectors, and the probabilities of a tile of
// queries. Each thread has one buffer for it, which grows with the longest sentence.
struct Head {
  int64_t n_queries, length, size, padded_size, padded_length, tile;
  float *query, *key, *value;         // (n_queries or length, padded_size)
  float *key_columns, *value_columns; // (padded_size, padded_length)
  float *probabilities, *dropped;     // (tile, padded_length)
  float *dquery, *dkey, *dvalue, *dcontext;
  uint8_t *keep;
};

class HeadBuffer {
public:
  Head head(int64_t n_queries, int64_t length, int64_t size) {
    const int64_t padded_size = round_up(size, LANES), padded_length = round_up(length, LANES);
    const int64_t query_size = n_queries * padded_size, key_size = length * padded_size;
    const int64_t tile = std::min(tile_of(padded_length), n_queries);
    const int64_t columns_size = padded_size * padded_length, tile_size = tile * padded_length;
    floats_.resize(3 * query_size + 4 * key_size + 2 * columns_size + 2 * tile_size + LANES);
    bytes_.resize(mask_bytes(tile * length) + LANES);
    float *next = floats_.data();
    const auto allocate = [&next](int64_t n) {
      float *begin = next;
      next += n;
      return begin;
    };
    Head head{n_queries, length, size, padded_size, padded_length, tile};
    head.query = allocate(query_size), head.key = allocate(key_size), head.value = allocate(key_size);
    head.key_columns = allocate(columns_size), head.value_columns = allocate(columns_size);
    head.probabilities = allocate(tile_size), head.dropped = allocate(tile_size);
    head.dquery = allocate(query_size), head.dkey = allocate(key_size), head.dvalue = allocate(key_size);
    head.dcontext = allocate(query_size);
    head.keep = bytes_.data();
    return head;
  }

private:
  std::vector<float> floats_;
  std::vector<uint8_t> bytes_;
};

template <typename T> INLINE void read_rows(Matrix<const T> x, const Head &head, float scale, float *to) {
  for (int64_t row = 0; row < x.rows; ++row) {
    __builtin_prefetch(x.at(row, head.size)); // of the sentence's next head, which comes next
    for (int64_t i = 0; i < head.padded_size; i += LANES) {
      store(to + row * head.padded_size + i, load(x.at(row, i), head.size - i) * scale);
    }
  }
}

template <typename T> INLINE void write_rows(const float *from, const Head &head, Matrix<T> y) {
  for (int64_t row = 0; row < y.rows; ++row) {
    for (int64_t i = 0; i < head.size; i += LANES) {
      store(y.at(row, i), load(from + row * head.padded_size + i), head.size - i);
    }
  }
}

// columns (padded_size, padded_length) = the transpose of rows (length, padded_size), zero behind the last row.
INLINE void transpose_head(const float *rows, const Head &head, float *columns) {
  for (int64_t begin = 0; begin < head.padded_length; begin += LANES) {
    const int64_t n = std::min(LANES, head.length - begin);
    for (int64_t i = 0; i < head.padded_size; i += LANES) {
      const auto row = [=, &head](int64_t lane) INLINE_LAMBDA {
        return (Words16)load(rows + (begin + lane) * head.padded_size + i);
      };
      transpose_square(n, row, LANES, [=, &head](int64_t lane, Words16 words) INLINE_LAMBDA {
        store(columns + (i + lane) * head.padded_length + begin, (Floats)words);
      });
    }
  }
}

INLINE void scale(float *x, int64_t n, float factor) {
  for (int64_t i = 0; i < n; i += LANES) {
    store(x + i, load(x + i) * factor);
  }
}

// The mask of a head's probabilities: each head of each sentence draws from counters of its own.
struct HeadMask {
  const DropoutMask *mask;
  int64_t item;
};

// The mask of a tile of n queries from `begin` on.
INLINE TileMask draw_tile(HeadMask mask, int64_t begin, int64_t n, const Head &head) {
  if (mask.mask == nullptr) {
    return {nullptr, head.length, 1.0f};
  }
  const uint8_t *keep = draw(*mask.mask, uint64_t(mask.item) << 32, begin * head.length, n * head.length, head.keep);
  return {keep, head.length, mask.mask->scale};
}

template <typename T> INLINE void read_operands(QueryKeyValue<const T> x, const Head &head) {
  const float factor = 1.0f / std::sqrt(float(head.size));
  read_rows(x.query, head, factor, head.query);
  read_rows(x.key, head, 1.0f, head.key);
  read_rows(x.value, head, 1.0f, head.value);
  transpose_head(head.key, head, head.key_columns);
}

template <typename T>
void head_forward(QueryKeyValue<const T> x, const Head &head, HeadMask mask, Matrix<T> y, Matrix<float> stats) {
  read_operands(x, head);
  for (int64_t begin = 0; begin < head.n_queries; begin += head.tile) {
    const int64_t n = std::min(head.tile, head.n_queries - begin);
    const Strided queries{head.query + begin * head.padded_size, head.padded_size, 1};
    small_product(queries, {head.key_columns, head.padded_size, head.padded_length},
                  {head.probabilities, n, head.padded_length});
    softmax_forward({n, head.length, head.padded_length}, draw_tile(mask, begin, n, head), head.probabilities,
                    stats.rows_from(begin, n));
    small_product({head.probabilities, head.padded_length, 1}, {head.value, head.length, head.padded_size},
                  {head.dquery, n, head.padded_size});
    write_rows(head.dquery, head, y.rows_from(begin, n));
  }
}

template <typename T>
void head_backward(QueryKeyValue<const T> x, const Head &head, HeadMask mask, Matrix<const T> dy, Matrix<const float> stats) {
  read_operands(x, head);
  transpose_head(head.value, head, head.value_columns);
  read_rows(dy, head, 1.0f, head.dcontext);
  const int64_t width = head.padded_size, length = head.padded_length;
  for (int64_t begin = 0; begin < head.n_queries; begin += head.tile) {
    const int64_t n = std::min(head.tile, head.n_queries - begin);
    const float *query = head.query + begin * width, *dcontext = head.dcontext + begin * width;
    small_product({query, width, 1}, {head.key_columns, width, length}, {head.probabilities, n, length});
    const TileShape tile{n, head.length, length};
    const TileMask tile_mask = draw_tile(mask, begin, n, head);
    softmax_again(tile, tile_mask, stats.rows_from(begin, n), head.probabilities, head.dropped);
    small_product({head.dropped, 1, length}, {dcontext, n, width}, {head.dvalue, head.length, width}, begin > 0);
    small_product({dcontext, width, 1}, {head.value_columns, width, length}, {head.dropped, n, length});
    softmax_backward(tile, tile_mask, head.probabilities, head.dropped);
    small_product({head.dropped, length, 1}, {head.key, head.length, width}, {head.dquery + begin * width, n, width});
    small_product({head.dropped, 1, length}, {query, n, width}, {head.dkey, head.length, width}, begin > 0);
  }
  scale(head.dquery, head.n_queries * width, 1.0f / std::sqrt(float(head.size)));
}

template <typename T> void write_gradients(const Head &head, QueryKeyValue<T> dx) {
  write_rows(head.dquery, head, dx.query);
  write_rows(head.dkey, head, dx.key);
  write_rows(head.dvalue, head, dx.value);
}

// A head of a sentence: its rows of tokens and of queries, and its columns.
struct HeadPosition {
  int64_t item, row, query_row, head, size, n_queries, length;

  template <typename T> Matrix<T> of_queries(Matrix<T> x) const { return x.block(query_row, head * size, n_queries, size); }
  template <typename T> Matrix<T> of_tokens(Matrix<T> x) const { return x.block(row, head * size, length, size); }
  template <typename T> QueryKeyValue<T> of(const QueryKeyValue<T> &x) const {
    return {of_queries(x.query), of_tokens(x.key), of_tokens(x.value)};
  }
  template <typename T> Matrix<T> of_stats(Matrix<T> stats) const { return stats.block(query_row, 2 * head, n_queries, 2); }
};

// Calls `task(position, head)` for every head of every sentence, with the thread's buffer.
template <typename Task> void for_heads(const AttentionOptions &options, const Task &task) {
  parallel_for(options.batch * options.heads, [&](WorkQueue &queue) {
    thread_local HeadBuffer buffer;
    for (int64_t item; queue.next(item);) {
      const int64_t sentence = item / options.heads, head = item % options.heads;
      const int64_t row = options.cu_seqlens[sentence], length = options.cu_seqlens[sentence + 1] - row;
      const int64_t query_row = options.cls_only ? sentence : row, n_queries = options.cls_only ? 1 : length;
      const HeadPosition position{item, row, query_row, head, options.size, n_queries, length};
      task(position, buffer.head(n_queries, length, options.size));
    }
  });
}

} // namespace

template <typename T>
void attention_forward(const AttentionOptions &options, QueryKeyValue<const T> x, Matrix<T> y, Matrix<float> softmax_stats) {
  for_heads(options, [&](const HeadPosition &position, const Head &head) {
    const HeadMask mask{options.mask, position.item};
    head_forward(position.of(x), head, mask, position.of_queries(y), position.of_stats(softmax_stats));
  });
}

template <typename T>
void attention_backward(const AttentionOptions &options, QueryKeyValue<const T> x, Matrix<const T> dy,
                        Matrix<const float> softmax_stats, QueryKeyValue<T> dx) {
  for_heads(options, [&](const HeadPosition &position, const Head &head) {
    const HeadMask mask{options.mask, position.item};
    head_backward(position.of(x), head, mask, position.of_queries(dy), position.of_stats(softmax_stats));
    write_gradients(head, position.of(dx));
  });
}

#define FOR_TYPE(T)                                                                                                       \
  template void attention_forward(const AttentionOptions &, QueryKeyValue<const T>, Matrix<T>, Matrix<float>);            \
  template void attention_backward(const AttentionOptions &, QueryKeyValue<const T>, Matrix<const T>,                     \
                                   Matrix<const float>, QueryKeyValue<T>);
FOR_TYPE(float)
FOR_TYPE(BFloat16)
#undef FOR_TYPE
