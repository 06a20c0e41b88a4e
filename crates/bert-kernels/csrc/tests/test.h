// A registry of tests and what they may expect. A failed expectation is printed and counted; the test goes on.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <string>
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

// What the test is at, the outermost first: printed with an expectation that fails.
inline std::vector<std::string> &contexts() {
  static std::vector<std::string> all;
  return all;
}

// Adds to what the test is at, until the end of the scope.
class Context {
public:
  __attribute__((format(printf, 2, 3))) explicit Context(const char *format, ...) {
    char text[200];
    va_list values;
    va_start(values, format);
    std::vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    contexts().push_back(text);
  }
  ~Context() { contexts().pop_back(); }
  Context(const Context &) = delete;
};

inline void failed(const char *file, int line, const char *condition) {
  std::printf("%s:%d: %s", file, line, condition);
  for (const std::string &context : contexts()) {
    std::printf("; %s", context.c_str());
  }
  std::printf("\n");
  ++n_failed_expectations;
}

#define TEST(name)                                                                                                        \
  static void name();                                                                                                     \
  static const bool registered_##name = (all_tests().push_back({#name, name}), true);                                     \
  static void name()

#define EXPECT(condition)                                                                                                 \
  do {                                                                                                                    \
    if (!(condition)) {                                                                                                   \
      failed(__FILE__, __LINE__, #condition);                                                                             \
    }                                                                                                                     \
  } while (false)

// Whether two tensors agree; prints where they do not.
#define EXPECT_CLOSE(actual, expected, tolerance) EXPECT(is_close(#actual, actual, expected, tolerance))
