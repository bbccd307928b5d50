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

/// Told of a write that the service refuses for what it is (an item that is too large): its tag, and why.
using OnRefused = std::function<void(std::uint64_t tag, const OperationError& error)>;

/// Puts and deletes items through BatchWriteItem, 25 at a time. What the service leaves unprocessed is sent again,
/// waiting longer each time nothing was written, and so is a throttled batch. The caller must not put two items with
/// the same key into a batch. Where a batch is refused as invalid, each of its writes is sent alone, to find which one
/// is.
class BatchWriter {
 public:
  /// Without `on_refused` the error is thrown; with it the other writes go on, unless it throws.
  BatchWriter(endpoint::Endpoint& endpoint, std::string_view table_name, Sleep sleep = sleep_for_real,
              OnRefused on_refused = {});

  /// Adds one item (wire JSON); sends a batch when it is full. Throws OperationError, and std::runtime_error where the
  /// service takes nothing for too long. `tag` is for `on_refused`.
  void put(std::string_view item_json, std::uint64_t tag = 0);
  /// Deletes the item of that key (wire JSON), likewise.
  void erase(std::string_view key_json);
  /// Sends what is left. Not called by the destructor, since it may throw.
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
  /// Sends the batch until the service has taken all of it.
  void write(std::span<const Pending> batch);
  /// The same, apart from writes that are refused.
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
