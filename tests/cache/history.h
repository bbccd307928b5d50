#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// Histories of one item, and the check whether they are linearizable.
namespace stator::cache {

/// One operation on an item between its call and its return, on a clock that all clients share.
struct Step {
  enum class Kind : std::uint8_t { kRead, kWrite };
  Kind kind = Kind::kRead;
  /// The value written or read; empty: no item.
  std::string value;
  /// The write's outcome is unknown: it may take effect at any time after its call, or never.
  bool unknown = false;
  std::uint64_t called = 0;
  std::uint64_t returned = 0;
};

/// Whether all steps can be ordered, each between its call and its return, so that every read returns the value written
/// last (Wing and Gong's search, with memoisation). At most 64 steps.
class Explanation {
 public:
  explicit Explanation(std::vector<Step> steps) : steps_(std::move(steps)) {}

  [[nodiscard]] bool exists() { return search(0, {}); }

 private:
  [[nodiscard]] bool may_be_next(std::uint64_t done, std::size_t next) const {
    for (std::size_t other = 0; other < steps_.size(); ++other) {
      const bool waits = (done >> other & 1U) == 0 && other != next;
      if (waits && !steps_[other].unknown && steps_[other].returned < steps_[next].called) return false;
    }
    return true;
  }

  bool search(std::uint64_t done, const std::string& value) {
    bool all = true;
    for (std::size_t i = 0; i < steps_.size(); ++i) all = all && ((done >> i & 1U) != 0 || steps_[i].unknown);
    if (all) return true;
    if (!tried_.emplace(done, value).second) return false;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if ((done >> i & 1U) != 0 || !may_be_next(done, i)) continue;
      const Step& step = steps_[i];
      const std::uint64_t then = done | std::uint64_t{1} << i;
      if (step.kind == Step::Kind::kRead && step.value != value) continue;
      if (search(then, step.kind == Step::Kind::kWrite ? step.value : value)) return true;
    }
    return false;
  }

  const std::vector<Step> steps_;
  std::set<std::pair<std::uint64_t, std::string>> tried_;
};

}  // namespace stator::cache
