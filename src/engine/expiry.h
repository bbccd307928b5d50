#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "engine/engine.h"
#include "engine/writer.h"
#include "store/store.h"

namespace stator::engine {

/// Items whose time to live ended longer ago than this are left alone: their attribute most likely means something
/// else. Source: Developer Guide, "Using time to live (TTL) in DynamoDB".
inline constexpr std::int64_t kOldestExpirySeconds = std::int64_t{5} * 365 * 24 * 3600;

/// Deletes items whose time to live has ended, in one thread that begins when the first table has a TTL attribute. It
/// walks these tables again and again, a chunk of items at a time, and rests nine times as long as each chunk took. An
/// expired item is deleted like any other, on the condition that it still is expired: so what was given more time in
/// the meantime stays, and indexes and counters are right.
class Expiry {
 public:
  /// `tables` yields the tables there are; it is called by the thread. `period_ms` lies between two walks.
  Expiry(const store::Store& store, Writer& writer, const core::Clock& clock, std::int64_t period_ms,
         std::function<std::vector<TablePtr>()> tables);
  /// Stops after the item under way.
  ~Expiry();
  Expiry(const Expiry&) = delete;
  Expiry& operator=(const Expiry&) = delete;

  /// Some table may have got a TTL attribute: the next walk begins at once.
  void look();

 private:
  void run();
  /// False when there is nothing to walk.
  bool sweep();
  void sweep_table(const Table& table);
  /// One chunk of the items behind `after`, which moves on; false at the end.
  bool sweep_chunk(const TablePtr& table, std::string& after);
  /// What has to hold for an item to be deleted now.
  [[nodiscard]] expression::Condition expired(std::string_view attribute) const;
  bool is_stopping();
  /// False when it is time to stop.
  bool rest(std::chrono::nanoseconds duration);

  const store::Store& store_;
  Writer& writer_;
  const core::Clock& clock_;
  const std::int64_t period_ms_;
  const std::function<std::vector<TablePtr>()> tables_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool looked_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace stator::engine
