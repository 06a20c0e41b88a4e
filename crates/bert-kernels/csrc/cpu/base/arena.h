// Arena allocator for the memory of one pass: taken piece by piece, freed at once, and kept between passes, so that no page
// is touched for the first time in every step.
#pragma once

#include <c10/core/CPUAllocator.h>

#include <cstdint>

#include "cpu/base/checked_memory.h"
#include "cpu/base/matrix.h"

class Arena {
public:
  Arena() = default;
  Arena(Arena &&) = default;
  ~Arena() { checked_.check(); }

  // Memory for `n` numbers, on a cache line of its own; null while it only counts.
  template <typename T> T *allocate(int64_t n) {
    char *begin = base_ == nullptr ? nullptr : base_ + used_;
    used_ += (n * int64_t(sizeof(T)) + 63) / 64 * 64;
    if (begin != nullptr) {
      checked_.add_gap(base_ + used_);
    }
    used_ += CheckedMemory::GAP;
    return reinterpret_cast<T *>(begin);
  }

  // The rows of a matrix.
  template <typename T> Matrix<T> matrix(int64_t rows, int64_t cols) { return {allocate<T>(rows * cols), rows, cols}; }

  // Calls `allocate_all(arena)` twice: to count the bytes, and to hand them out.
  template <typename AllocateAll> auto reuse(const AllocateAll &allocate_all) {
    checked_.check();
    base_ = nullptr, used_ = 0;
    allocate_all(*this);
    if (used_ > capacity_) {
      const int64_t wanted = used_ + used_ / 8;
      memory_ = c10::DataPtr(), capacity_ = 0; // before the larger block comes
      memory_ = c10::GetCPUAllocator()->allocate(size_t(wanted)), capacity_ = wanted;
    }
    base_ = static_cast<char *>(memory_.get()), used_ = 0;
    checked_.begin(base_, capacity_);
    return allocate_all(*this);
  }

  // Bytes, handed out or counted.
  int64_t used() const { return used_; }

private:
  c10::DataPtr memory_;
  char *base_ = nullptr;
  int64_t used_ = 0, capacity_ = 0;
  CheckedMemory checked_;
};
