// SIMD: what the kernels do with vectors of sixteen lanes: loads and stores, bfloat16, transposition, choice.
#pragma once

#include "cpu/base/doubles.h"

#include <c10/util/BFloat16.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

INLINE Floats load(const float *from) { return load_vector<float>(from); }

INLINE Ints load_ints(const int32_t *from, int64_t n) {
  if (n >= LANES) {
    return load_vector<int32_t>(from);
  }
  int32_t some[LANES] = {};
  std::memcpy(some, from, n * sizeof(int32_t));
  return load_vector<int32_t>(some);
}

template <int64_t N> INLINE void store(float *to, const Vector<float, N> &x) { store_vector(to, x); }

template <int64_t N> INLINE Vector<float, N> to_float32(const Vector<uint16_t, N> &x) {
  return (Vector<float, N>)(converted<uint32_t>(x) << 16);
}

// The nearest bfloat16, ties to even, in the upper halves of words; a NaN stays one.
template <int64_t N> INLINE Vector<uint32_t, N> rounded_to_bf16(const Vector<float, N> &x) {
  const auto bits = (Vector<uint32_t, N>)x;
  return select(x != x, Vector<uint32_t, N>{} + 0x7FC00000, bits + 0x7FFF + ((bits >> 16) & 1));
}

template <int64_t N> INLINE Vector<uint16_t, N> to_bf16(const Vector<float, N> &x) {
  return converted<uint16_t>(rounded_to_bf16(x) >> 16);
}

INLINE Floats load(const c10::BFloat16 *from) { return to_float32(load_vector<uint16_t>(from)); }

template <int64_t N> INLINE void store(c10::BFloat16 *to, const Vector<float, N> &x) { store_vector(to, to_bf16(x)); }

INLINE VectorsInTurn<float> load_in_turn(const float *from) { return load_vector<float, IN_TURN * PARTS>(from); }
INLINE VectorsInTurn<float> load_in_turn(const c10::BFloat16 *from) {
  return to_float32(load_vector<uint16_t, IN_TURN * PARTS>(from));
}

// Vectors in turn, of which the one with number i is `vector(i)`; and one of them.
template <typename One> INLINE auto in_turn(const One &vector) {
  Vector<typename decltype(vector(0))::Lane, IN_TURN * PARTS> all;
  FOR_EACH(i, IN_TURN) {
    const auto one = vector(i);
    FOR_PARTS(p) { all.parts[i * PARTS + p] = one.parts[p]; }
  }
  return all;
}

INLINE Floats one_of(const VectorsInTurn<float> &all, int64_t i) {
  Floats one;
  FOR_PARTS(p) { one.parts[p] = all.parts[i * PARTS + p]; }
  return one;
}

// The first n (at most LANES) of a vector; the others are zero.
template <typename T> INLINE Floats load(const T *from, int64_t n) {
  if (n >= LANES) {
    return load(from);
  }
  T some[LANES] = {};
  std::memcpy(some, from, n * sizeof(T));
  return load(some);
}

// A copy of a size that is not known when it is compiled is a call: whole vectors go without.
INLINE Halves load_halves(const c10::BFloat16 *from, int64_t n) {
  if (n >= LANES) {
    return load_vector<uint16_t>(from);
  }
  c10::BFloat16 some[LANES] = {};
  std::memcpy(some, from, n * sizeof(c10::BFloat16));
  return load_vector<uint16_t>(some);
}

// The first n words.
INLINE void store_words(void *to, const Words16 &x, int64_t n) {
  if (n >= LANES) {
    store_vector(to, x);
    return;
  }
  uint32_t some[LANES];
  store_vector(some, x);
  std::memcpy(to, some, n * sizeof(uint32_t));
}

// The first n lanes, whose values a byte holds.
INLINE void store_bytes(uint8_t *to, const Ints &x, int64_t n) {
  const Bytes bytes = converted<uint8_t>(x);
  if (n >= LANES) {
    store_vector(to, bytes);
    return;
  }
  uint8_t some[LANES];
  store_vector(some, bytes);
  std::memcpy(to, some, n);
}

// The same past the caches, for what is not read again before it has left them: what a whole line held is not fetched
// first. `parallel_for` makes it visible to other threads.
INLINE void store_nontemporal(void *to, const Words16 &x, int64_t n) {
  if (n >= LANES && reinterpret_cast<uintptr_t>(to) % sizeof(x) == 0) {
    stream(to, x);
    return;
  }
  store_words(to, x, n);
}

template <typename T> INLINE void store(T *to, const Floats &x, int64_t n) {
  if (n >= LANES) {
    store(to, x);
    return;
  }
  T some[LANES];
  store(some, x);
  std::memcpy(to, some, n * sizeof(T));
}

// One for each byte that is not zero, else zero; the first n of them.
INLINE Floats load_mask(const uint8_t *from) {
  return converted<float>(converted<int32_t>(load_vector<uint8_t>(from)));
}

// Pairs of bfloat16 as words, one of each row: `low` in the lower halves.
INLINE Words16 paired(const Halves &low, const Halves &high) {
  return converted<uint32_t>(low) | converted<uint32_t>(high) << 16;
}

INLINE Words16 paired(const Floats &low, const Floats &high) {
  return rounded_to_bf16(low) >> 16 | (rounded_to_bf16(high) & 0xFFFF0000);
}

// Pairs of neighbors: the first eight words of `low`, the others of `high`.
INLINE Words16 joined(const Floats &low, const Floats &high) {
  return upper_halves(rounded_to_bf16(low), rounded_to_bf16(high));
}

// Every index is known when it is compiled, so that the vectors can stay in registers.
#define FOR_SIXTEEN(i) _Pragma("GCC unroll 16") for (int64_t i = 0; i < LANES; ++i)

// One step of a transposition: squares of DISTANCE across the diagonal are exchanged. Those of whole parts are renamed.
template <int DISTANCE> constexpr int from_upper(int k) { return (k & DISTANCE) == 0 ? k : int(PART_LANES) + k - DISTANCE; }
template <int DISTANCE> constexpr int from_lower(int k) { return (k & DISTANCE) == 0 ? k + DISTANCE : int(PART_LANES) + k; }

template <int DISTANCE, int... K>
INLINE void exchange_lanes(Words16::Part &upper, Words16::Part &lower, std::integer_sequence<int, K...>) {
  const Words16::Part first = upper, second = lower;
  upper = __builtin_shufflevector(first, second, from_upper<DISTANCE>(K)...);
  lower = __builtin_shufflevector(first, second, from_lower<DISTANCE>(K)...);
}

template <int DISTANCE> INLINE void exchange(Words16 (&rows)[LANES]) {
  FOR_SIXTEEN(row) {
    if ((row & DISTANCE) == 0) {
      Words16 &upper = rows[row], &lower = rows[row + DISTANCE];
      FOR_PARTS(p) {
        if constexpr (DISTANCE < PART_LANES) {
          exchange_lanes<DISTANCE>(upper.parts[p], lower.parts[p], std::make_integer_sequence<int, PART_LANES>());
        } else if ((p * PART_LANES & DISTANCE) == 0) {
          std::swap(upper.parts[p + DISTANCE / PART_LANES], lower.parts[p]);
        }
      }
    }
  }
}

INLINE void transpose(Words16 (&rows)[LANES]) {
  exchange<1>(rows);
  exchange<2>(rows);
  exchange<4>(rows);
  exchange<8>(rows);
}

// Calls `write(i, column)` for the n_columns first columns of the square whose n_rows first rows are `row(i)`; the others
// are zero.
template <typename Row, typename Write>
INLINE void transpose_square(int64_t n_rows, const Row &row, int64_t n_columns, const Write &write) {
  Words16 square[LANES];
  if (n_rows >= LANES) {
    FOR_SIXTEEN(i) { square[i] = row(i); }
  } else {
    FOR_SIXTEEN(i) { square[i] = i < n_rows ? row(i) : Words16{}; }
  }
  transpose(square);
  if (n_columns >= LANES) {
    FOR_SIXTEEN(i) { write(i, square[i]); }
  } else {
    FOR_SIXTEEN(i) {
      if (i < n_columns) {
        write(i, square[i]);
      }
    }
  }
}

// What `join` makes of all lanes: of the first eight and the last eight, of the first four of these and the last four, and so on.
template <int64_t N, typename T, typename Join>
INLINE T joined_lanes(const typename Native<T, N>::type &x, const Join &join) {
  if constexpr (N == 2) {
    return join(x[0], x[1]);
  } else {
    const Halved<T, N> halves(x);
    return joined_lanes<N / 2, T>(join(halves.low, halves.high), join);
  }
}

template <typename T, typename Join> INLINE T joined_lanes(Vector<T> x, const Join &join) {
  _Pragma("GCC unroll 2") for (int64_t n = PARTS / 2; n > 0; n /= 2) {
    _Pragma("GCC unroll 2") for (int64_t p = 0; p < n; ++p) { x.parts[p] = join(x.parts[p], x.parts[p + n]); }
  }
  return joined_lanes<PART_LANES, T>(x.parts[0], join);
}

template <typename T> INLINE T sum(const Vector<T> &x) {
  return joined_lanes(x, [](const auto &a, const auto &b) INLINE_LAMBDA { return a + b; });
}

INLINE float maximum(const Floats &x) {
  return joined_lanes(x, [](const auto &a, const auto &b) INLINE_LAMBDA { return a > b ? a : b; });
}
