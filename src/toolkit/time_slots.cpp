#include "toolkit/time_slots.h"

#include <algorithm>
#include <string>

namespace stator::toolkit {

void TimeSlots::add(std::int64_t microseconds) {
  if (seen_any_) {
    ascending_ = ascending_ && microseconds >= last_seen_;
    descending_ = descending_ && microseconds <= last_seen_;
  }
  seen_any_ = true;
  last_seen_ = microseconds;
  if (!dropped_) times_.push_back(microseconds);
  if (times_.size() > kMostUnordered) {
    dropped_ = true;
    std::vector<std::int64_t>().swap(times_);
  }
  if (dropped_ && !ascending_ && !descending_) {
    throw std::length_error("more than " + std::to_string(kMostUnordered) +
                            " messages out of order; sort the file by time first");
  }
}

void TimeSlots::seal() {
  if (ascending_ || descending_) {
    std::vector<std::int64_t>().swap(times_);
    return;
  }
  std::sort(times_.begin(), times_.end());
  for (std::size_t i = 1; i < times_.size(); ++i) {
    if (times_[i] == times_[i - 1]) repeated_[times_[i]] = false;
  }
}

std::int64_t TimeSlots::free_from(std::int64_t slot) {
  std::vector<std::int64_t> passed;
  for (;;) {
    const auto known = next_.find(slot);
    if (known == next_.end() && !std::binary_search(times_.begin(), times_.end(), slot)) break;
    passed.push_back(slot);
    slot = known == next_.end() ? slot + 1 : known->second;
  }
  for (const std::int64_t other : passed) next_[other] = slot;
  return slot;
}

std::int64_t TimeSlots::assign(std::int64_t microseconds) {
  std::int64_t slot = microseconds;
  if (ascending_ || descending_) {
    if (assigned_any_) slot = ascending_ ? std::max(slot, last_assigned_ + 1) : std::min(slot, last_assigned_ - 1);
  } else if (const auto repeated = repeated_.find(microseconds); repeated != repeated_.end()) {
    if (repeated->second) slot = free_from(microseconds + 1);
    repeated->second = true;
    if (slot != microseconds) next_[slot] = slot + 1;
  }
  assigned_any_ = true;
  last_assigned_ = slot;
  return slot;
}

}  // namespace stator::toolkit
