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

/// Thrown, with nothing done, in place of waiting by a thread that puts writes together: what it would wait for may
/// wait for the locks of those. The call can be made again after them, or where it is `alone` without them.
struct WouldWait {
  bool alone = false;
};

/// Writes of several callers, made one after the other by one thread, that reach the store and the disk in one batch.
/// From its construction on, `Engine::write` on this thread only decides: it returns the outcome that the write will
/// have, and holds the item's lock until `commit`, so that nobody sees a state that is not stored. The outcome may be
/// told to nobody before. While it holds such locks the thread waits for no other item's lock (WouldWait), and for
/// nothing that anybody holds who waits for one. Only `Engine::write` and what only reads may be called meanwhile.
class WritesTogether {
 public:
  /// Holds `pass` as long as it lives.
  WritesTogether(std::unique_ptr<GatePass> pass, Writer& writer);
  /// Drops what was not committed.
  ~WritesTogether();
  WritesTogether(const WritesTogether&) = delete;
  WritesTogether& operator=(const WritesTogether&) = delete;

  /// Those that are to be stored by `commit`.
  [[nodiscard]] std::size_t count() const { return parts_.size(); }
  /// Together they are as large as a batch should be.
  [[nodiscard]] bool is_full() const;
  /// Stores them. Throws what Store::write throws, with none of them stored. Ends the collection in any case: what the
  /// thread writes from here on it writes at once.
  void commit();

  /// The one that this thread has begun and not ended, or null.
  [[nodiscard]] static WritesTogether* of_this_thread();
  /// Throws WouldWait where this thread puts writes together.
  static void check_may_wait();
  [[nodiscard]] bool is_of(const Writer& writer) const { return &writer_ == &writer; }
  [[nodiscard]] bool is_past(const Gate& gate) const { return pass_->is_of(gate); }

 private:
  friend class Writer;
  /// What is left to do for a write when it is stored.
  struct Part {
    std::string key;
    TablePtr table;
    std::optional<std::int64_t> new_expiry;
    std::vector<LogPlace> places;
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
