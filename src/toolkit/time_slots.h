#pragma once

#include <cstdint>
#include <stdexcept>
#include <unordered_map>
#include <vector>

namespace stator::toolkit {

/// Gives every message of a conversation a distinct time, as the time is the sort key: messages with the same time are
/// moved apart by microseconds, in the file's order. Works in two passes over the same times, in bounded memory: a file
/// sorted by time (in either direction) takes none, any other 8 bytes a message (more if many have the same time), up
/// to kMostUnordered messages.
class TimeSlots {
 public:
  static constexpr std::size_t kMostUnordered = 4'000'000;

  /// First pass: to be called for each message. Throws std::length_error if there are more than kMostUnordered messages
  /// in an unsorted file.
  void add(std::int64_t microseconds);
  /// Ends the first pass.
  void seal();
  /// Second pass: returns the time for the next message.
  std::int64_t assign(std::int64_t microseconds);

 private:
  /// The first time from `slot` on that is not the time of a message and was not assigned. Shortens the links that it
  /// follows (path compression).
  std::int64_t free_from(std::int64_t slot);

  bool ascending_ = true;
  bool descending_ = true;
  bool seen_any_ = false;
  bool dropped_ = false;
  std::int64_t last_seen_ = 0;
  bool assigned_any_ = false;
  std::int64_t last_assigned_ = 0;
  /// All times, sorted by seal(); empty for sorted files.
  std::vector<std::int64_t> times_;
  /// Times that occur more than once, and whether the first message with that time was assigned it.
  std::unordered_map<std::int64_t, bool> repeated_;
  /// Links from times that are not free to later ones.
  std::unordered_map<std::int64_t, std::int64_t> next_;
};

}  // namespace stator::toolkit
