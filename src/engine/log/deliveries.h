#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/log/log_types.h"

/// Changes of tables on their way to Kinesis streams: a log for each destination that is enabled, of which each record
/// is deleted when it has arrived. Whoever delivers them asks here what there is, and says what arrived.
namespace stator::engine {

class Catalog;
class ChangeLog;

class Deliveries {
 public:
  Deliveries(Catalog& catalog, ChangeLog& change_log) : catalog_(catalog), change_log_(change_log) {}

  struct Destination {
    std::string table_name;
    std::string table_id;
    std::string region;  // empty: of a table without replicas
    std::string stream_arn;
    bool microseconds = false;
    /// Whether the stream was found; before that nothing is to be sent.
    bool found = false;
    store::SpaceId space = 0;
    std::vector<std::uint32_t> shards;
  };
  /// In the order of the tables' names.
  [[nodiscard]] std::vector<Destination> list() const;

  /// Reads records of a shard, the oldest first, until `sink` has enough. Nothing where the destination is gone.
  void read(store::SpaceId space, std::uint32_t shard, const LogSink& sink) const;
  /// These records of the shard, which `read` gave first, have arrived.
  void arrived(store::SpaceId space, std::uint32_t shard, const std::vector<LogNumber>& numbers);
  /// Whether the stream is there, now that somebody looked. `fault`: why it cannot be enabled; empty: it is.
  void note_found(const Destination& destination, std::string_view fault);

 private:
  Catalog& catalog_;
  ChangeLog& change_log_;
};

}  // namespace stator::engine
