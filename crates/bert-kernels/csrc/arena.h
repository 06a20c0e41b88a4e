// Memory of one pass: taken piece by piece, given back at once, and kept between passes, so that no page is touched for
// the first time in every step.
#pragma once

#include <c10/core/CPUAllocator.h>

#include <cstdint>

class Arena {
public:
  // Room for `n` numbers, on a cache line of its own; null while it only counts.
  template <typename T> T *take(int64_t n) {
    char *taken = base_ == nullptr ? nullptr : base_ + used_;
    used_ += (n * int64_t(sizeof(T)) + 63) / 64 * 64;
    return reinterpret_cast<T *>(taken);
  }

  // Calls `lay_out(arena)` twice: to count what it takes, and to take it.
  template <typename LayOut> auto laid_out(const LayOut &lay_out) {
    base_ = nullptr, used_ = 0;
    lay_out(*this);
    if (used_ > capacity_) {
      const int64_t wanted = used_ + used_ / 8;
      memory_ = c10::DataPtr(), capacity_ = 0; // before the larger piece comes
      memory_ = c10::GetCPUAllocator()->allocate(size_t(wanted)), capacity_ = wanted;
    }
    base_ = static_cast<char *>(memory_.get()), used_ = 0;
    return lay_out(*this);
  }

  // Bytes, of what was taken or counted.
  int64_t used() const { return used_; }

private:
  c10::DataPtr memory_;
  char *base_ = nullptr;
  int64_t used_ = 0, capacity_ = 0;
};
