// Vectors of sixteen lanes in the vector extension that GCC and Clang share: one order of operations for every instruction set.
//
// A vector is made of as many of the machine's own as it takes: compilers keep a wider one in memory, and build it there lane by
// lane. Everything here is inlined into the code of a level (cpu/level.cpp).
#pragma once

#include <cstdint>
#include <cstring>

#define INLINE static inline __attribute__((always_inline))
#define INLINE_MEMBER inline __attribute__((always_inline))
#define INLINE_LAMBDA __attribute__((always_inline))

constexpr int64_t LANES = 16;

// Of float32: one vector of AVX-512, two of AVX2, four of SSE and NEON. The compiler's own names of the instruction set do not follow
// the level where it preprocesses in a run of its own.
#if defined(LEVEL_V4)
constexpr int64_t PARTS = 1;
#elif defined(LEVEL_V3)
constexpr int64_t PARTS = 2;
#else
constexpr int64_t PARTS = 4;
#endif
constexpr int64_t PART_LANES = LANES / PARTS;

// Vectors that are worked on in turn where one result waits for the last, as in a polynomial: as many as registers hold.
constexpr int64_t IN_TURN = PARTS == 1 ? 4 : 1;

#define FOR_EACH(p, n) _Pragma("GCC unroll 8") for (int64_t p = 0; p < n; ++p)
#define FOR_PARTS(p) FOR_EACH(p, PARTS)

// N of the machine's lanes of T.
template <typename T, int64_t N> struct Native {
  typedef T type __attribute__((vector_size(N * sizeof(T))));
};

template <typename T, int64_t N = PARTS> struct Vector {
  using Lane = T;
  using Part = typename Native<T, PART_LANES>::type;
  Part parts[N];

  // The same bits as another type.
  template <typename U> INLINE_MEMBER explicit operator Vector<U, N>() const {
    static_assert(sizeof(T) == sizeof(U), "bits are kept");
    Vector<U, N> y;
    FOR_EACH(p, N) { y.parts[p] = (typename Vector<U>::Part)parts[p]; }
    return y;
  }
};

template <typename T> using VectorsInTurn = Vector<T, IN_TURN * PARTS>;

using Floats = Vector<float>;
using Ints = Vector<int32_t>;
using Words16 = Vector<uint32_t>;
using Halves = Vector<uint16_t>;
using Bytes = Vector<uint8_t>;

// A number beside a vector has the vector's type.
template <typename T> struct Same {
  using type = T;
};

#define VECTOR_OPERATOR(op)                                                                                               \
  template <typename T, int64_t N> INLINE Vector<T, N> operator op(const Vector<T, N> &a, const Vector<T, N> &b) {        \
    Vector<T, N> y;                                                                                                       \
    FOR_EACH(p, N) { y.parts[p] = a.parts[p] op b.parts[p]; }                                                             \
    return y;                                                                                                             \
  }                                                                                                                       \
  template <typename T, int64_t N>                                                                                        \
  INLINE Vector<T, N> operator op(const Vector<T, N> &a, typename Same<T>::type b) {                                      \
    Vector<T, N> y;                                                                                                       \
    FOR_EACH(p, N) { y.parts[p] = a.parts[p] op b; }                                                                      \
    return y;                                                                                                             \
  }                                                                                                                       \
  template <typename T, int64_t N>                                                                                        \
  INLINE Vector<T, N> operator op(typename Same<T>::type a, const Vector<T, N> &b) {                                      \
    Vector<T, N> y;                                                                                                       \
    FOR_EACH(p, N) { y.parts[p] = a op b.parts[p]; }                                                                      \
    return y;                                                                                                             \
  }                                                                                                                       \
  template <typename T, int64_t N, typename U>                                                                            \
  INLINE Vector<T, N> &operator op##=(Vector<T, N> &a, const U &b) {                                                      \
    return a = a op b;                                                                                                    \
  }

#define VECTOR_COMPARISON(op)                                                                                             \
  template <typename T, int64_t N>                                                                                        \
  INLINE Vector<int32_t, N> operator op(const Vector<T, N> &a, const Vector<T, N> &b) {                                   \
    Vector<int32_t, N> y;                                                                                                 \
    FOR_EACH(p, N) { y.parts[p] = a.parts[p] op b.parts[p]; }                                                             \
    return y;                                                                                                             \
  }                                                                                                                       \
  template <typename T, int64_t N>                                                                                        \
  INLINE Vector<int32_t, N> operator op(const Vector<T, N> &a, typename Same<T>::type b) {                                \
    Vector<int32_t, N> y;                                                                                                 \
    FOR_EACH(p, N) { y.parts[p] = a.parts[p] op b; }                                                                      \
    return y;                                                                                                             \
  }

VECTOR_OPERATOR(+)
VECTOR_OPERATOR(-)
VECTOR_OPERATOR(*)
VECTOR_OPERATOR(/)
VECTOR_OPERATOR(&)
VECTOR_OPERATOR(|)
VECTOR_OPERATOR(<<)
VECTOR_OPERATOR(>>)
VECTOR_COMPARISON(<)
VECTOR_COMPARISON(>)
VECTOR_COMPARISON(>=)
VECTOR_COMPARISON(!=)

// Each lane of `yes` where the condition's is not zero, else of `no`.
template <typename T, int64_t N>
INLINE Vector<T, N> select(const Vector<int32_t, N> &condition, const Vector<T, N> &yes, const Vector<T, N> &no) {
  Vector<T, N> y;
  FOR_EACH(p, N) { y.parts[p] = condition.parts[p] ? yes.parts[p] : no.parts[p]; }
  return y;
}

// The second of two that are equal, or of which one is not a number.
template <typename T, int64_t N> INLINE Vector<T, N> smaller(const Vector<T, N> &a, const Vector<T, N> &b) {
  Vector<T, N> y;
  FOR_EACH(p, N) { y.parts[p] = a.parts[p] < b.parts[p] ? a.parts[p] : b.parts[p]; }
  return y;
}
template <typename T, int64_t N> INLINE Vector<T, N> larger(const Vector<T, N> &a, const Vector<T, N> &b) {
  Vector<T, N> y;
  FOR_EACH(p, N) { y.parts[p] = a.parts[p] > b.parts[p] ? a.parts[p] : b.parts[p]; }
  return y;
}

template <typename T, int64_t N = PARTS> INLINE Vector<T, N> load_vector(const void *from) {
  Vector<T, N> x;
  FOR_EACH(p, N) { std::memcpy(&x.parts[p], static_cast<const char *>(from) + p * sizeof(x.parts[p]), sizeof(x.parts[p])); }
  return x;
}

template <typename T, int64_t N> INLINE void store_vector(void *to, const Vector<T, N> &x) {
  FOR_EACH(p, N) { std::memcpy(static_cast<char *>(to) + p * sizeof(x.parts[p]), &x.parts[p], sizeof(x.parts[p])); }
}

template <int64_t N = PARTS> INLINE Vector<float, N> all(float x) {
  Vector<float, N> y;
  FOR_EACH(p, N) { y.parts[p] = Floats::Part{} + x; }
  return y;
}

// The first n lanes, at most all.
INLINE Ints lanes_below(int64_t n) {
  static constexpr int32_t NUMBERS[LANES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return load_vector<int32_t>(NUMBERS) < int32_t(n < LANES ? n : LANES);
}
