#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/log/log_types.h"

/// Changes of tables to be sent to Kinesis streams: a log for each enabled destination, whose records are deleted when
/// they have arrived. The thread that sends them reads the logs here and reports what arrived.
namespace stator::engine {

class Catalog;
class ChangeLog;

class Deliveries {
 public:
  Deliveries(Catalog& catalog, ChangeLog& change_log) : catalog_(catalog), change_log_(change_log) {}

  struct Destination {
    std::string table_name;
    std::string table_id;
    std::string region;  // empty: the table has no replicas
    std::string stream_arn;
    bool microseconds = false;
    /// Whether the stream was found; until then nothing is to be sent.
    bool found = false;
    store::SpaceId space = 0;
    std::vector<std::uint32_t> shards;
  };
  /// Sorted by table name.
  [[nodiscard]] std::vector<Destination> list() const;

  /// Reads records of a shard, oldest first, until `sink` returns false. Reads nothing if the destination is gone.
  void read(store::SpaceId space, std::uint32_t shard, const LogSink& sink) const;
  /// Deletes records of the shard that have arrived; they must be the first ones that `read` gave.
  void arrived(store::SpaceId space, std::uint32_t shard, const std::vector<LogNumber>& numbers);
  /// Stores the result of looking for the stream. `fault`: why the destination cannot be enabled; empty: the stream was
  /// found.
  void note_found(const Destination& destination, std::string_view fault);

 private:
  Catalog& catalog_;
  ChangeLog& change_log_;
};

}  // namespace stator::engine
