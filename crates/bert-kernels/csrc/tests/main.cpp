// Runs all tests, or those whose names contain the argument. Exit code 1 after a failure.

#include "reference.h"
#include "test.h"

#include <cstring>
#include <exception>

int main(int argc, char **argv) {
  int n_passed = 0, n_failed = 0;
  for (const Test &test : all_tests()) {
    if (argc > 1 && std::strstr(test.name, argv[1]) == nullptr) {
      continue;
    }
    n_failed_expectations = 0;
    generator().set_current_seed(SEED);
    try {
      test.run();
    } catch (const std::exception &error) {
      std::printf("%s threw %s\n", test.name, error.what());
      ++n_failed_expectations;
    }
    std::printf("%s %s\n", n_failed_expectations == 0 ? "ok    " : "FAILED", test.name);
    ++(n_failed_expectations == 0 ? n_passed : n_failed);
  }
  std::printf("%d passed, %d failed\n", n_passed, n_failed);
  return n_failed == 0 ? 0 : 1;
}
