#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "endpoint/endpoint.h"
#include "toolkit/call.h"

namespace stator::toolkit {

/// Called for a write that the service refuses as invalid (an item that is too large), with its tag and the error.
using OnRefused = std::function<void(std::uint64_t tag, const OperationError& error)>;

/// Puts and deletes items through BatchWriteItem, 25 at a time. Unprocessed items and throttled batches are sent again,
/// after a pause that grows while nothing is written. The caller must not put two items with the same key into a batch.
/// If a batch is refused as invalid, each of its writes is sent alone, to find the invalid ones.
class BatchWriter {
 public:
  /// The error of an invalid write is thrown, or passed to `on_refused` if there is one; the other writes then go on
  /// unless that throws.
  BatchWriter(endpoint::Endpoint& endpoint, std::string_view table_name, Sleep sleep = sleep_for_real,
              OnRefused on_refused = {});

  /// Adds one item (wire JSON); sends a batch when it is full. Throws OperationError, and std::runtime_error if the
  /// service accepts nothing for too long. `tag` is passed to `on_refused`.
  void put(std::string_view item_json, std::uint64_t tag = 0);
  /// Deletes the item with that key (wire JSON), in the same way.
  void erase(std::string_view key_json, std::uint64_t tag = 0);
  /// Sends the pending writes. Not called by the destructor, since it may throw.
  void flush();
  /// The number of writes that wait for the next batch.
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }
  /// The number of writes that the service has accepted.
  [[nodiscard]] std::uint64_t written() const { return written_; }

 private:
  struct Pending {
    std::string request;
    std::uint64_t tag = 0;
  };

  void add(std::string_view kind, std::string_view json, std::uint64_t tag);
  /// Sends the batch, again and again until the service has accepted all of it.
  void write(std::span<const Pending> batch);
  /// The same; if the batch is refused as invalid, sends its writes one by one and reports the invalid ones.
  void write_accepted(std::span<const Pending> batch);
  std::size_t send(const std::string& request_items, std::string& unprocessed);

  endpoint::Endpoint& endpoint_;
  std::string table_json_;
  Sleep sleep_;
  OnRefused on_refused_;
  std::vector<Pending> pending_;
  std::size_t pending_bytes_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace stator::toolkit
