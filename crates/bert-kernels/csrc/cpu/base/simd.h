// SIMD: what the kernels do with vectors of sixteen lanes: loads and stores, bfloat16, transposition, choice.
#pragma once

#include "cpu/base/vector.h"

#include <c10/util/BFloat16.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

INLINE Floats load(const float *from) { return load_vector<float>(from); }

INLINE Ints load_ints(const int32_t *from, int64_t n) {
  if (n >= LANES) {
    return load_vector<int32_t>(from);
  }
  int32_t some[LANES] = {};
  std::memcpy(some, from, n * sizeof(int32_t));
  return load_vector<int32_t>(some);
}

INLINE void store(float *to, const Floats &x) { store_vector(to, x); }

INLINE Floats to_float32(const Halves &x) { return (Floats)(converted<uint32_t>(x) << 16); }

// To the nearest bfloat16, ties to even; a NaN stays one.
INLINE Halves to_bf16(const Floats &x) {
  const Words16 bits = (Words16)x;
  const Words16 rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  const Ints is_nan = x != x;
  const Words16 quiet = Words16{} + 0x7FC0;
  return converted<uint16_t>((rounded & ~(Words16)is_nan) | (quiet & (Words16)is_nan));
}

INLINE Floats load(const c10::BFloat16 *from) { return to_float32(load_vector<uint16_t>(from)); }

INLINE void store(c10::BFloat16 *to, const Floats &x) { store_vector(to, to_bf16(x)); }

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
#if defined(__x86_64__)
  if (n >= LANES && reinterpret_cast<uintptr_t>(to) % sizeof(x) == 0) {
    __m128i quarters[4];
    std::memcpy(quarters, &x, sizeof(x));
    for (int64_t quarter = 0; quarter < 4; ++quarter) {
      _mm_stream_si128(static_cast<__m128i *>(to) + quarter, quarters[quarter]);
    }
    return;
  }
#endif
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

// Pairs of bfloat16 as words: `low` in the lower halves.
INLINE Words16 paired(const Halves &low, const Halves &high) {
  return converted<uint32_t>(low) | converted<uint32_t>(high) << 16;
}

INLINE Words16 joined(const Halves &low, const Halves &high) {
  uint16_t both[2 * LANES];
  store_vector(both, low);
  store_vector(both + LANES, high);
  return load_vector<uint32_t>(both);
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

// The halves of a vector beside each other, and theirs, down to one lane: the order of a maximum does not matter.
template <int64_t N> INLINE float maximum_of(const typename Native<float, N>::type &x) {
  if constexpr (N == 2) {
    return x[0] > x[1] ? x[0] : x[1];
  } else {
    typename Native<float, N / 2>::type halves[2];
    std::memcpy(halves, &x, sizeof(x));
    return maximum_of<N / 2>(halves[0] > halves[1] ? halves[0] : halves[1]);
  }
}

INLINE float maximum(const Floats &x) {
  Floats::Part most = x.parts[0];
  FOR_PARTS(p) { most = most > x.parts[p] ? most : x.parts[p]; }
  return maximum_of<PART_LANES>(most);
}
