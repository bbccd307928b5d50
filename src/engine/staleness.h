#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

#include "core/clock.h"
#include "store/store.h"

namespace stator::engine {

/// How stale eventually consistent reads may be, as on AWS, in milliseconds; 0: never.
struct Staleness {
  /// Reads of items and pages without ConsistentRead.
  std::int64_t read_ms = 0;
  /// Reads of global and vector indexes, in addition to `read_ms`.
  std::int64_t index_ms = 0;
  /// How long after its write a stream record becomes visible.
  std::int64_t stream_ms = 0;
  /// The staleness of a read is derived from this and the read's number.
  std::uint64_t seed = 1;

  [[nodiscard]] bool for_reads() const { return read_ms > 0 || index_ms > 0; }
};

/// Recent states of the store, for eventually consistent reads: a snapshot is taken before each write. A read sees the
/// state at some moment of the last `read_ms` (for a global or vector index `read_ms + index_ms`), so it sees every
/// write acknowledged before that. A third of the reads see the present, another third the oldest allowed state.
class PastViews {
 public:
  using View = std::shared_ptr<const store::Snapshot>;

  PastViews(const store::Store& store, const core::Clock& clock, const Staleness& staleness)
      : store_(store), clock_(clock), staleness_(staleness) {}

  /// Keeps the present state; called before each write.
  void keep();
  /// The state that a read of a table, or of a global index, is to see; null: the present.
  [[nodiscard]] View for_read(bool global_index);
  /// Drops all kept states: reads see the present until the next write.
  void forget();

 private:
  /// Beyond this many states, every second one is dropped.
  static constexpr std::size_t kMost = 256;
  struct Kept {
    std::int64_t time_ms = 0;  // the view has all writes acknowledged before this
    View view;
  };
  void drop_old(std::int64_t now_ms);

  const store::Store& store_;
  const core::Clock& clock_;
  const Staleness staleness_;
  std::atomic<std::uint64_t> reads_{0};
  std::mutex mutex_;
  std::deque<Kept> kept_;  // by time
};

}  // namespace stator::engine
