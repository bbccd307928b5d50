#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "endpoint/endpoint.h"
#include "toolkit/batch_writer.h"
#include "toolkit/table_info.h"

namespace stator::toolkit {

/// Writes items into a table with several batches under way at once. Of items with the same key the last one put stays.
class TableWriter {
 public:
  /// `jobs`: batches under way at once, 1 to 64.
  TableWriter(endpoint::Endpoint& endpoint, const TableInfo& table, unsigned jobs, const Sleep& sleep = sleep_for_real);
  /// Leaves unwritten what waits; see finish.
  ~TableWriter();
  TableWriter(const TableWriter&) = delete;
  TableWriter& operator=(const TableWriter&) = delete;

  /// Takes an item (wire JSON in normal form, with its key). Waits where too much waits already. Throws the first fault
  /// of any batch: OperationError, std::runtime_error.
  void put(std::string item_json);
  /// Writes what is left. Throws like put.
  void finish();
  /// Items the service has taken.
  [[nodiscard]] std::uint64_t written() const { return written_; }

 private:
  struct Item {
    std::string key;
    std::string json;
  };
  struct Lane {
    std::deque<Item> waiting;
    std::jthread thread;
  };

  void work(Lane& lane, endpoint::Endpoint& endpoint, const std::string& table, const Sleep& sleep);
  void stop();

  TableInfo table_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::size_t waiting_bytes_ = 0;
  bool finishing_ = false;
  bool stopping_ = false;
  std::exception_ptr fault_;
  std::atomic<std::uint64_t> written_ = 0;
};

}  // namespace stator::toolkit
