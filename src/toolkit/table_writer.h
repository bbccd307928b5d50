#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "endpoint/endpoint.h"
#include "toolkit/batch_writer.h"
#include "toolkit/table_info.h"

namespace stator::toolkit {

/// Writes items into a table, several batches at the same time. Of items with the same key, the last one put stays.
class TableWriter {
 public:
  /// `jobs`: batches sent at the same time, 1 to 64. `sleep` is also called, with a duration of 0, now and then while
  /// one of the functions below waits, so that it may throw there.
  /// `on_refused` (see BatchWriter) may be called by any of the threads.
  TableWriter(endpoint::Endpoint& endpoint, const TableInfo& table, unsigned jobs, const Sleep& sleep = sleep_for_real,
              OnRefused on_refused = {});
  /// Drops the waiting writes; see `finish`.
  ~TableWriter();
  TableWriter(const TableWriter&) = delete;
  TableWriter& operator=(const TableWriter&) = delete;

  /// Queues an item (wire JSON in normal form, with its key). Blocks while too much is waiting: a hundred writes for
  /// each of the `jobs`, so that little is lost, or must be waited for, when the caller ends. Throws the first error of
  /// any batch: OperationError, std::runtime_error.
  void put(std::string item_json, std::uint64_t tag = 0);
  /// Queues the deletion of the item with that key (wire JSON in normal form), in the same way.
  void erase(std::string key_json, std::uint64_t tag = 0);
  /// Returns when all puts and deletions are written. Throws like put.
  void drain();
  /// Drains, and ends the threads. Throws like put, when they have ended.
  void finish();
  /// Ends the threads after the batches that are being sent, and drops the waiting writes; `written` is then final.
  void stop();
  /// The number of writes that the service has accepted.
  [[nodiscard]] std::uint64_t written() const { return written_; }

 private:
  struct Write {
    std::string key;
    std::string json;  // empty: delete the item
    std::uint64_t tag = 0;
    [[nodiscard]] std::size_t bytes() const { return key.size() + json.size(); }
  };
  struct Lane {
    std::deque<Write> waiting;
    bool busy = false;  // has taken writes that are not written yet
    std::jthread thread;
  };

  void add(Write write);
  void wait(std::unique_lock<std::mutex>& lock, const std::function<bool()>& holds);
  void work(Lane& lane, endpoint::Endpoint& endpoint, const std::string& table, const Sleep& sleep);

  TableInfo table_;
  Sleep sleep_;
  OnRefused on_refused_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::size_t waiting_ = 0;  // in all lanes together
  std::size_t waiting_bytes_ = 0;
  bool draining_ = false;   // lanes flush when nothing waits
  bool finishing_ = false;  // and then end
  std::atomic<bool> stopping_ = false;
  std::exception_ptr fault_;
  std::atomic<std::uint64_t> written_ = 0;
};

}  // namespace stator::toolkit
