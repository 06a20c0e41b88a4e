// What libtorch says of itself.

#include "bert_kernels.h"

#include <ATen/Version.h>
#include <torch/version.h>

#include <string>

const char *bert_kernels_libtorch(void) {
  static const std::string text = TORCH_VERSION ", " + at::get_cpu_capability();
  return text.c_str();
}
