#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "endpoint/endpoint.h"
#include "toolkit/call.h"

namespace stator::toolkit {

/// Puts and deletes items through BatchWriteItem, 25 at a time. What the service leaves unprocessed is sent again,
/// waiting longer each time nothing was written, and so is a throttled batch. The caller must not put two items with
/// the same key into a batch.
class BatchWriter {
 public:
  BatchWriter(endpoint::Endpoint& endpoint, std::string_view table_name, Sleep sleep = sleep_for_real);

  /// Adds one item (wire JSON); sends a batch when it is full. Throws OperationError, and std::runtime_error where the
  /// service takes nothing for too long.
  void put(std::string_view item_json);
  /// Deletes the item of that key (wire JSON), likewise.
  void erase(std::string_view key_json);
  /// Sends what is left. Not called by the destructor, since it may throw.
  void flush();
  /// The number of writes that wait for the next batch.
  [[nodiscard]] std::size_t pending() const { return pending_; }
  /// The number of writes that the service has accepted.
  [[nodiscard]] std::uint64_t written() const { return written_; }

 private:
  void add(std::string_view kind, std::string_view json);
  std::size_t send(const std::string& request_items, std::string& unprocessed);

  endpoint::Endpoint& endpoint_;
  std::string table_json_;
  Sleep sleep_;
  std::string requests_;
  std::size_t pending_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace stator::toolkit
