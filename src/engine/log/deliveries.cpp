#include "engine/log/deliveries.h"

#include <limits>

#include "core/api_error.h"
#include "engine/catalog.h"
#include "engine/replicas.h"

namespace stator::engine {

std::vector<Deliveries::Destination> Deliveries::list() const {
  std::vector<Destination> destinations;
  for (const TablePtr& table : catalog_.tables_with_deliveries()) {
    for_each_region(*table, [&](std::string_view region, const std::vector<KinesisDestination>& all) {
      for (const KinesisDestination& destination : all) {
        if (destination.space == 0) continue;
        Destination& entry = destinations.emplace_back();
        entry.table_name = table->name;
        entry.table_id = table->id;
        entry.region = region;
        entry.stream_arn = destination.stream_arn;
        entry.microseconds = destination.precision == "MICROSECOND";
        entry.found = destination.found;
        entry.space = destination.space;
        const StreamPtr log = change_log_.find(destination.space);
        if (log == nullptr) continue;
        for (const Shard& shard : log->info().shards) entry.shards.push_back(shard.id);
      }
    });
  }
  return destinations;
}

void Deliveries::read(store::SpaceId space, std::uint32_t shard, const LogSink& sink) const {
  const StreamPtr log = change_log_.find(space);
  if (log == nullptr) return;
  try {
    change_log_.read(*log, {.shard = shard, .number = 0, .from_oldest = true}, std::numeric_limits<LogNumber>::max(),
                     sink);
  } catch (const core::ApiError& error) {
    // Records older than a day were deleted meanwhile; the next read begins after them.
    if (error.type != core::ErrorCode::kTrimmedDataAccess) throw;
  }
}

void Deliveries::arrived(store::SpaceId space, std::uint32_t shard, const std::vector<LogNumber>& numbers) {
  if (const StreamPtr log = change_log_.find(space)) change_log_.discard(*log, shard, numbers);
}

void Deliveries::note_found(const Destination& destination, std::string_view fault) {
  try {
    catalog_.annotate(destination.table_name, [&](Table& table) {
      for_each_region(table, [&](std::string_view /*region*/, std::vector<KinesisDestination>& all) {
        for (KinesisDestination& candidate : all) {
          if (candidate.space != destination.space) continue;
          candidate.found = fault.empty();
          candidate.description = fault;
        }
      });
    });
  } catch (const core::ApiError& error) {
    if (error.type != core::ErrorCode::kResourceNotFound && error.type != core::ErrorCode::kResourceInUse) throw;
  }
}

}  // namespace stator::engine
