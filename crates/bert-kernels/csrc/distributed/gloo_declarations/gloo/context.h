// What libtorch's `ProcessGroupGloo.hpp` says of gloo's classes, which libtorch has inside and brings no headers of. It only
// ever holds pointers to them, so declarations are enough: nothing here is made, derived from or called.
#pragma once

#include <chrono>
#include <memory>

namespace gloo {

class Context {
public:
  void setTimeout(std::chrono::milliseconds timeout);
};

} // namespace gloo
