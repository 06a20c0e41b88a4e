// SIMD: sixteen floats at a time, in the vector extension that GCC and Clang share: one order of operations for every
// instruction set. Callers are VECTORIZED functions; everything here is inlined into them.
#pragma once

#include <c10/util/BFloat16.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

// A function that is compiled for three levels of x86-64; the loader picks the clone that the machine can run. A build may
// define it as nothing, for tools that know no clones.
#ifndef VECTORIZED
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VECTORIZED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define VECTORIZED
#endif
#endif

#define INLINE static inline __attribute__((always_inline))
#define INLINE_LAMBDA __attribute__((always_inline))

constexpr int64_t LANES = 16; // one vector of AVX-512, two of AVX2, four of SSE

typedef float Floats __attribute__((vector_size(64)));
typedef double Doubles __attribute__((vector_size(128)));
typedef int32_t Ints __attribute__((vector_size(64)));
typedef uint32_t Words16 __attribute__((vector_size(64)));
typedef uint16_t Halves __attribute__((vector_size(32)));
typedef uint8_t Bytes __attribute__((vector_size(16)));

INLINE Floats all(float x) { return Floats{} + x; }

INLINE Floats load(const float *from) {
  Floats x;
  std::memcpy(&x, from, sizeof(x));
  return x;
}

INLINE void store(float *to, Floats x) { std::memcpy(to, &x, sizeof(x)); }

INLINE Floats to_float32(Halves x) { return (Floats)(__builtin_convertvector(x, Words16) << 16); }

// To the nearest bfloat16, ties to even; a NaN stays one.
INLINE Halves to_bf16(Floats x) {
  const Words16 bits = (Words16)x;
  const Words16 rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  const Ints is_nan = x != x;
  const Words16 quiet = Words16{} + 0x7FC0;
  return __builtin_convertvector((rounded & ~(Words16)is_nan) | (quiet & (Words16)is_nan), Halves);
}

INLINE Floats load(const c10::BFloat16 *from) {
  Halves x;
  std::memcpy(&x, from, sizeof(x));
  return to_float32(x);
}

INLINE void store(c10::BFloat16 *to, Floats x) {
  const Halves halves = to_bf16(x);
  std::memcpy(to, &halves, sizeof(halves));
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
  Halves x{};
  if (n >= LANES) {
    std::memcpy(&x, from, sizeof(x));
  } else {
    std::memcpy(&x, from, n * sizeof(c10::BFloat16));
  }
  return x;
}

// The first n words.
INLINE void store_words(void *to, Words16 x, int64_t n) {
  if (n >= LANES) {
    std::memcpy(to, &x, sizeof(x));
  } else {
    std::memcpy(to, &x, n * sizeof(uint32_t));
  }
}

// The same past the caches, for what is not read again before it has left them: what a whole line held is not fetched
// first. `parallel_for` makes it visible to other threads.
INLINE void store_nontemporal(void *to, Words16 x, int64_t n) {
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

template <typename T> INLINE void store(T *to, Floats x, int64_t n) {
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
  Bytes x;
  std::memcpy(&x, from, sizeof(x));
  return __builtin_convertvector(__builtin_convertvector(x, Ints), Floats);
}

// Pairs of bfloat16 as words: `low` in the lower halves.
INLINE Words16 paired(Halves low, Halves high) {
  return __builtin_convertvector(low, Words16) | __builtin_convertvector(high, Words16) << 16;
}

INLINE Words16 joined(Halves low, Halves high) {
  const Halves both[2] = {low, high};
  Words16 words;
  std::memcpy(&words, both, sizeof(words));
  return words;
}

// One step of a transposition: squares of DISTANCE across the diagonal are exchanged.
template <int DISTANCE> constexpr int from_upper(int k) { return (k & DISTANCE) == 0 ? k : 16 + k - DISTANCE; }
template <int DISTANCE> constexpr int from_lower(int k) { return (k & DISTANCE) == 0 ? k + DISTANCE : 16 + k; }

#define SIXTEEN(f)                                                                                                        \
  f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7), f(8), f(9), f(10), f(11), f(12), f(13), f(14), f(15)

// Every index is known when it is compiled, so that the vectors can stay in registers.
#define FOR_SIXTEEN(i) _Pragma("GCC unroll 16") for (int64_t i = 0; i < LANES; ++i)

template <int DISTANCE> INLINE void exchange(Words16 (&rows)[LANES]) {
  FOR_SIXTEEN(row) {
    if ((row & DISTANCE) == 0) {
      const Words16 upper = rows[row], lower = rows[row + DISTANCE];
      rows[row] = __builtin_shufflevector(upper, lower, SIXTEEN(from_upper<DISTANCE>));
      rows[row + DISTANCE] = __builtin_shufflevector(upper, lower, SIXTEEN(from_lower<DISTANCE>));
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

INLINE Floats select(Ints condition, Floats yes, Floats no) {
  return (Floats)((condition & (Ints)yes) | (~condition & (Ints)no));
}

INLINE Floats smaller(Floats a, Floats b) { return select(a < b, a, b); }
INLINE Floats larger(Floats a, Floats b) { return select(a > b, a, b); }

// Of sixteen lanes, in their order.
template <typename Vector> INLINE auto sum(Vector x) {
  std::decay_t<decltype(x[0])> total = 0;
  for (int64_t lane = 0; lane < LANES; ++lane) {
    total += x[lane];
  }
  return total;
}

INLINE Doubles squares(Floats x) {
  const Doubles wide = __builtin_convertvector(x, Doubles);
  return wide * wide;
}

INLINE float maximum(Floats x) {
  float most = x[0];
  for (int64_t lane = 1; lane < LANES; ++lane) {
    most = x[lane] > most ? x[lane] : most;
  }
  return most;
}

// e^x to two units in the last place; below -87 the smallest normal number. A NaN stays one.
INLINE Floats exponential(Floats x) {
  const Ints is_nan = x != x;
  const Floats within = larger(smaller(x, all(88.0f)), all(-87.0f));
  const Floats magic = all(12582912.0f); // 1.5 * 2^23: adding it rounds to a whole number, in the low bits
  const Floats shifted = within * 1.44269504f + magic;
  const Floats n = shifted - magic;
  const Floats r = (within - n * 0.693359375f) + n * 2.12194440e-4f; // ln 2 in two parts (Cephes)
  Floats p = all(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const Floats scaled = (Floats)((Ints)p + ((Ints)shifted << 23));
  return select(is_nan, x, scaled);
}

// The distribution function and the density of the standard normal law, both to about 3e-7.
struct Normal {
  Floats cdf, density;
};

// erfc(z) = t e^(-z²) P(t) with t = 1 / (1 + 0.3 z), the form of Abramowitz and Stegun 7.1.26; P fitted anew to a relative
// error of 2e-8.
INLINE Normal normal(Floats x) {
  const Floats absolute = (Floats)((Ints)x & 0x7FFFFFFF);
  const Floats t = 1.0f / (1.0f + absolute * (0.3f * 0.70710678f));
  Floats p = all(-0.12952385748f);
  p = p * t + 0.48556796987f;
  p = p * t - 0.51228820654f;
  p = p * t + 0.54773194852f;
  p = p * t - 0.09465921242f;
  p = p * t + 0.21492978567f;
  p = p * t + 0.14833818731f;
  p = p * t + 0.17071536882f;
  p = p * t + 0.16918799666f;
  const Floats bell = exponential(x * x * -0.5f);
  const Floats tail = bell * t * p * 0.5f;
  return {select(x < 0.0f, tail, 1.0f - tail), bell * 0.39894228f};
}
