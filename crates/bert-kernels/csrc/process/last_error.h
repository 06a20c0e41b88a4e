// Errors of C++ that stay on this side of the ABI: the last message of each thread.
#pragma once

#include <cstdint>
#include <exception>

void set_last_error(const char *message);

// Does `act`; 0, or 1 and a message after an exception.
template <typename Act> int32_t catch_errors(const Act &act) {
  try {
    act();
    return 0;
  } catch (const std::exception &error) {
    set_last_error(error.what());
    return 1;
  }
}
