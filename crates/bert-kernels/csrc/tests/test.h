// A registry of tests and what they may expect. A failed expectation is printed and counted; the test goes on.
#pragma once

#include <cstdio>
#include <vector>

struct Test {
  const char *name;
  void (*run)();
};

inline std::vector<Test> &all_tests() {
  static std::vector<Test> tests;
  return tests;
}

inline int n_failed_expectations = 0;

#define TEST(name)                                                                                                        \
  static void name();                                                                                                     \
  static const bool registered_##name = (all_tests().push_back({#name, name}), true);                                     \
  static void name()

#define EXPECT(condition)                                                                                                 \
  do {                                                                                                                    \
    if (!(condition)) {                                                                                                   \
      std::printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                                         \
      ++n_failed_expectations;                                                                                            \
    }                                                                                                                     \
  } while (false)

// Whether two tensors agree; prints where they do not.
#define EXPECT_CLOSE(actual, expected, tolerance) EXPECT(is_close(#actual, actual, expected, tolerance))
