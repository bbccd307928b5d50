#pragma once

#include <cstdint>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace stator::toolkit {

/// Gives every message of one conversation a moment of its own, since the moment is the sort key: messages that carry
/// the same time are set apart by microseconds, in the file's order. Works in two passes over the same times, in
/// bounded memory: a file in order of time (either way) takes none, another one 8 bytes a message up to kMostUnordered.
class TimeSlots {
 public:
  static constexpr std::size_t kMostUnordered = 8'000'000;

  /// First pass: one call a message. Throws std::length_error where there are too many messages out of order.
  void see(std::int64_t microseconds);
  /// Ends the first pass.
  void seal();
  /// Second pass: the moment for the next message.
  std::int64_t assign(std::int64_t microseconds);

 private:
  bool ascending_ = true;
  bool descending_ = true;
  bool seen_any_ = false;
  bool dropped_ = false;
  std::int64_t last_seen_ = 0;
  bool assigned_any_ = false;
  std::int64_t last_assigned_ = 0;
  /// All times, sorted by seal; empty for files in order.
  std::vector<std::int64_t> times_;
  /// For times that stand more than once: the first microsecond not yet given away.
  std::unordered_map<std::int64_t, std::int64_t> next_free_;
  /// Moments given that no message carried.
  std::unordered_set<std::int64_t> taken_;
};

}  // namespace stator::toolkit
