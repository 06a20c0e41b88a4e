// The last error of each thread, for the caller across the ABI.

#include "process/last_error.h"

#include "bert_kernels.h"

#include <string>

namespace {
thread_local std::string last_error;
} // namespace

void set_last_error(const char *message) { last_error = message; }

const char *bert_kernels_last_error(void) { return last_error.c_str(); }
