// Lanes as another type, halves of vectors, and stores past the caches.
//
// Instructions of AVX-512 and AVX2 are named: between vectors of different sizes GCC 12 goes by their halves or through memory,
// and from bytes lane by lane, in some fifty instructions.
#pragma once

#include "cpu/base/vector.h"

#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

template <typename U, typename T> INLINE typename Vector<U>::Part converted_part(const typename Vector<T>::Part &x) {
  return __builtin_convertvector(x, typename Vector<U>::Part);
}

#define CONVERSION(T, U, instruction)                                                                                     \
  template <> INLINE_MEMBER Vector<U>::Part converted_part<U, T>(const Vector<T>::Part &x) {                              \
    return (Vector<U>::Part)instruction;                                                                                  \
  }
#if defined(LEVEL_V4)
constexpr __mmask16 EVERY_LANE = 0xFFFF;
CONVERSION(uint16_t, uint32_t, _mm512_maskz_cvtepu16_epi32(EVERY_LANE, (__m256i)x))
CONVERSION(uint32_t, uint16_t, _mm512_maskz_cvtepi32_epi16(EVERY_LANE, (__m512i)x))
CONVERSION(uint8_t, int32_t, _mm512_maskz_cvtepu8_epi32(EVERY_LANE, (__m128i)x))
CONVERSION(int32_t, uint8_t, _mm512_maskz_cvtepi32_epi8(EVERY_LANE, (__m512i)x))
#elif defined(LEVEL_V3)
CONVERSION(uint16_t, uint32_t, _mm256_cvtepu16_epi32((__m128i)x))
CONVERSION(uint8_t, int32_t, _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)x)))
#endif
#undef CONVERSION

// Each lane as another type.
template <typename U, typename T, int64_t N> INLINE Vector<U, N> converted(const Vector<T, N> &x) {
  Vector<U, N> y;
  FOR_EACH(p, N) { y.parts[p] = converted_part<U, T>(x.parts[p]); }
  return y;
}

// Lanes of one of the machine's vectors, from BEGIN on.
template <int BEGIN, typename To, typename From, int... I>
INLINE To lanes_from(const From &x, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(x, x, (BEGIN + I)...);
}

template <typename T, int64_t N> struct Halved {
  using Half = typename Native<T, N / 2>::type;
  Half low, high;

  INLINE_MEMBER explicit Halved(const typename Native<T, N>::type &x)
      : low(lanes_from<0, Half>(x, std::make_integer_sequence<int, N / 2>())),
        high(lanes_from<N / 2, Half>(x, std::make_integer_sequence<int, N / 2>())) {}
};

template <typename From, int... I>
INLINE From odd_lanes(const From &low, const From &high, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(low, high, (2 * I + 1)...);
}

// The upper halves of `low`'s words and then of `high`'s, two of them a word.
INLINE Words16 upper_halves(const Words16 &low, const Words16 &high) {
  using Pairs = Native<uint16_t, 2 * PART_LANES>::type;
  const auto part = [&](int64_t p) INLINE_LAMBDA { return (Pairs)(p < PARTS ? low.parts[p] : high.parts[p - PARTS]); };
  Words16 y;
  FOR_PARTS(p) {
    const Pairs pairs = odd_lanes(part(2 * p), part(2 * p + 1), std::make_integer_sequence<int, 2 * PART_LANES>());
    y.parts[p] = (Words16::Part)pairs;
  }
  return y;
}

// To where a vector's size divides, past the caches.
INLINE void stream(void *to, const Words16 &x) {
  FOR_PARTS(p) {
    Words16::Part *at = static_cast<Words16::Part *>(to) + p;
#if defined(LEVEL_V4)
    _mm512_stream_si512((__m512i *)at, (__m512i)x.parts[p]);
#elif defined(LEVEL_V3)
    _mm256_stream_si256((__m256i *)at, (__m256i)x.parts[p]);
#elif defined(__x86_64__)
    _mm_stream_si128((__m128i *)at, (__m128i)x.parts[p]);
#else
    *at = x.parts[p];
#endif
  }
}
