// Checks of an arena's memory, for the tests of the kernels (CHECKED_MEMORY): it begins as NaN, so that what is read before it was
// written shows, and between two pieces lie bytes that nobody may write.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#if defined(CHECKED_MEMORY)

class CheckedMemory {
public:
  static constexpr int64_t GAP = 64;

  // Of a block that is to be handed out anew. All bits of a float32 or bfloat16 set: not a number.
  void begin(char *block, int64_t bytes) { gaps_.clear(), std::memset(block, FILL, size_t(bytes)); }

  // The bytes behind a piece.
  void add_gap(const char *gap) { gaps_.push_back(gap); }

  // Ends the program where somebody has written beyond a piece.
  void check() const {
    for (size_t piece = 0; piece < gaps_.size(); ++piece) {
      for (int64_t i = 0; i < GAP; ++i) {
        if (uint8_t(gaps_[piece][i]) != FILL) {
          std::fprintf(stderr, "somebody wrote past the end of piece %zu of an arena, counted from 0 as they are allocated\n", piece);
          std::abort();
        }
      }
    }
  }

private:
  static constexpr uint8_t FILL = 0xFF;
  std::vector<const char *> gaps_;
};

#else

class CheckedMemory {
public:
  static constexpr int64_t GAP = 0;
  void begin(char *, int64_t) {}
  void add_gap(const char *) {}
  void check() const {}
};

#endif
