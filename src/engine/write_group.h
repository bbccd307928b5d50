#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/gate.h"
#include "engine/writer.h"
#include "store/store.h"

namespace stator::engine {

/// Thrown instead of waiting by a thread that collects writes, because whoever holds what it would wait for may itself
/// wait for the locks of these writes. Nothing was done. The call can be made again after the commit; if `alone`, only
/// outside of a group.
struct WouldWait {
  bool alone = false;
};

/// Collects writes of several callers, made one after the other by one thread, that reach the store and the disk in one
/// batch. While it exists, `Engine::write` on this thread only decides: it returns the outcome that the write will have
/// and keeps the item's lock until `commit`, so that nobody sees a state that is not stored. No caller may be sent an
/// outcome before the commit. While it holds such locks the thread never waits for another item's lock (it throws
/// WouldWait), nor for anything held by a thread that waits for one. Meanwhile only `Engine::write` and functions that
/// only read may be called.
class WriteGroup {
 public:
  /// Holds `pass` for its lifetime.
  WriteGroup(std::unique_ptr<GatePass> pass, Writer& writer);
  /// Drops writes that were not committed.
  ~WriteGroup();
  WriteGroup(const WriteGroup&) = delete;
  WriteGroup& operator=(const WriteGroup&) = delete;

  /// The number of writes that `commit` will store.
  [[nodiscard]] std::size_t count() const { return parts_.size(); }
  /// Whether the batch is as large as a batch should be.
  [[nodiscard]] bool is_full() const;
  /// Stores the writes. Throws what Store::write throws; then none is stored. Ends the group in any case: later
  /// writes of this thread are stored at once.
  void commit();

  /// The group that this thread has begun and not ended, or null.
  [[nodiscard]] static WriteGroup* of_this_thread();
  /// Throws WouldWait (`alone`) if this thread collects writes.
  static void check_may_wait();
  [[nodiscard]] bool is_of(const Writer& writer) const { return &writer_ == &writer; }
  [[nodiscard]] bool has_passed(const Gate& gate) const { return pass_->is_of(gate); }

 private:
  friend class Writer;
  /// What remains to be done for a write after it is stored.
  struct Part {
    std::string key;
    TablePtr table;
    std::optional<std::int64_t> new_expiry;
    std::vector<PendingLogNumber> log_numbers;
  };
  WriteOutcome add(const WriteAction& action);
  [[nodiscard]] bool holds(std::size_t stripe) const;
  void end();

  const std::unique_ptr<GatePass> pass_;
  Writer& writer_;
  store::Batch batch_;
  std::vector<Writer::RowChange> rows_;
  std::vector<Part> parts_;
  struct Held {
    std::size_t stripe;
    std::unique_lock<std::mutex> lock;
  };
  std::vector<Held> held_;
};

}  // namespace stator::engine
