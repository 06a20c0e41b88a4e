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

#define FOR_PARTS(p) _Pragma("GCC unroll 8") for (int64_t p = 0; p < PARTS; ++p)

// N of the machine's lanes of T.
template <typename T, int64_t N> struct Native {
  typedef T type __attribute__((vector_size(N * sizeof(T))));
};

template <typename T> struct Vector {
  using Part = typename Native<T, PART_LANES>::type;
  Part parts[PARTS];

  INLINE_MEMBER T operator[](int64_t lane) const { return parts[lane / PART_LANES][lane % PART_LANES]; }

  // The same bits as another type.
  template <typename U> INLINE_MEMBER explicit operator Vector<U>() const {
    static_assert(sizeof(T) == sizeof(U), "bits are kept");
    Vector<U> y;
    FOR_PARTS(p) { y.parts[p] = (typename Vector<U>::Part)parts[p]; }
    return y;
  }
};

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
  template <typename T> INLINE Vector<T> operator op(const Vector<T> &a, const Vector<T> &b) {                            \
    Vector<T> y;                                                                                                          \
    FOR_PARTS(p) { y.parts[p] = a.parts[p] op b.parts[p]; }                                                               \
    return y;                                                                                                             \
  }                                                                                                                       \
  template <typename T> INLINE Vector<T> operator op(const Vector<T> &a, typename Same<T>::type b) {                      \
    Vector<T> y;                                                                                                          \
    FOR_PARTS(p) { y.parts[p] = a.parts[p] op b; }                                                                        \
    return y;                                                                                                             \
  }                                                                                                                       \
  template <typename T> INLINE Vector<T> operator op(typename Same<T>::type a, const Vector<T> &b) {                      \
    Vector<T> y;                                                                                                          \
    FOR_PARTS(p) { y.parts[p] = a op b.parts[p]; }                                                                        \
    return y;                                                                                                             \
  }                                                                                                                       \
  template <typename T, typename U> INLINE Vector<T> &operator op##=(Vector<T> &a, const U &b) { return a = a op b; }

#define VECTOR_COMPARISON(op)                                                                                             \
  template <typename T> INLINE Ints operator op(const Vector<T> &a, const Vector<T> &b) {                                 \
    Ints y;                                                                                                               \
    FOR_PARTS(p) { y.parts[p] = a.parts[p] op b.parts[p]; }                                                               \
    return y;                                                                                                             \
  }                                                                                                                       \
  template <typename T> INLINE Ints operator op(const Vector<T> &a, typename Same<T>::type b) {                           \
    Ints y;                                                                                                               \
    FOR_PARTS(p) { y.parts[p] = a.parts[p] op b; }                                                                        \
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
VECTOR_COMPARISON(!=)

// Each lane of `yes` where the condition's is not zero, else of `no`.
template <typename T> INLINE Vector<T> select(const Ints &condition, const Vector<T> &yes, const Vector<T> &no) {
  Vector<T> y;
  FOR_PARTS(p) { y.parts[p] = condition.parts[p] ? yes.parts[p] : no.parts[p]; }
  return y;
}

// The second of two that are equal, or of which one is not a number.
template <typename T> INLINE Vector<T> smaller(const Vector<T> &a, const Vector<T> &b) {
  Vector<T> y;
  FOR_PARTS(p) { y.parts[p] = a.parts[p] < b.parts[p] ? a.parts[p] : b.parts[p]; }
  return y;
}
template <typename T> INLINE Vector<T> larger(const Vector<T> &a, const Vector<T> &b) {
  Vector<T> y;
  FOR_PARTS(p) { y.parts[p] = a.parts[p] > b.parts[p] ? a.parts[p] : b.parts[p]; }
  return y;
}

template <typename T> INLINE Vector<T> operator~(const Vector<T> &x) {
  Vector<T> y;
  FOR_PARTS(p) { y.parts[p] = ~x.parts[p]; }
  return y;
}

// Each lane as another type.
template <typename U, typename T> INLINE Vector<U> converted(const Vector<T> &x) {
  Vector<U> y;
  FOR_PARTS(p) { y.parts[p] = __builtin_convertvector(x.parts[p], typename Vector<U>::Part); }
  return y;
}

template <typename T> INLINE Vector<T> load_vector(const void *from) {
  Vector<T> x;
  FOR_PARTS(p) { std::memcpy(&x.parts[p], static_cast<const char *>(from) + p * sizeof(x.parts[p]), sizeof(x.parts[p])); }
  return x;
}

template <typename T> INLINE void store_vector(void *to, const Vector<T> &x) {
  FOR_PARTS(p) { std::memcpy(static_cast<char *>(to) + p * sizeof(x.parts[p]), &x.parts[p], sizeof(x.parts[p])); }
}

INLINE Floats all(float x) {
  Floats y;
  FOR_PARTS(p) { y.parts[p] = Floats::Part{} + x; }
  return y;
}

// The first n lanes, at most all.
INLINE Ints lanes_below(int64_t n) {
  static constexpr int32_t NUMBERS[LANES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return load_vector<int32_t>(NUMBERS) < int32_t(n < LANES ? n : LANES);
}

// Of the lanes in their order.
template <typename T> INLINE T sum(const Vector<T> &x) {
  T total = 0;
  for (int64_t lane = 0; lane < LANES; ++lane) {
    total += x[lane];
  }
  return total;
}

// Sixteen double numbers: of the machine's vectors twice as many.
struct Doubles {
  using Part = Native<double, PART_LANES / 2>::type;
  Part parts[2 * PARTS];

  INLINE_MEMBER void operator+=(const Doubles &x) {
    _Pragma("GCC unroll 8") for (int64_t p = 0; p < 2 * PARTS; ++p) { parts[p] += x.parts[p]; }
  }
};

INLINE Doubles squares(const Floats &x) {
  using Half = Native<float, PART_LANES / 2>::type;
  Doubles y;
  FOR_PARTS(p) {
    Half halves[2];
    std::memcpy(halves, &x.parts[p], sizeof(halves));
    _Pragma("GCC unroll 2") for (int64_t half = 0; half < 2; ++half) {
      const Doubles::Part wide = __builtin_convertvector(halves[half], Doubles::Part);
      y.parts[2 * p + half] = wide * wide;
    }
  }
  return y;
}

INLINE double sum(const Doubles &x) {
  double total = 0;
  for (int64_t lane = 0; lane < LANES; ++lane) {
    total += x.parts[lane / (PART_LANES / 2)][lane % (PART_LANES / 2)];
  }
  return total;
}
