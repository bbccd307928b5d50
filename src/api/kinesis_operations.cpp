#include <algorithm>
#include <optional>
#include <string>

#include "api/call.h"
#include "api/operations.h"
#include "api/regions.h"
#include "api/reply.h"
#include "core/api_error.h"

/// Kinesis streaming destinations: the setting and its states. Source of states and texts: the AWS controller for
/// Kubernetes' measurements, October 2026.
namespace stator::api {

using core::throw_validation;
using engine::KinesisDestination;
using engine::KinesisStatus;

namespace {

constexpr std::string_view kPrecision = "ApproximateCreationDateTimePrecision";
constexpr std::string_view kEnableConfiguration = "EnableKinesisStreamingConfiguration";
constexpr std::string_view kUpdateConfiguration = "UpdateKinesisStreamingConfiguration";

[[noreturn]] void throw_not_ready(const std::string& why) {
  throw_validation("Table is not in a valid state to enable Kinesis Streaming Destination: " + why);
}

std::string_view status_name(KinesisStatus status) {
  switch (status) {
    case KinesisStatus::kActive:
      return "ACTIVE";
    case KinesisStatus::kEnabling:
      return "ENABLING";
    case KinesisStatus::kUpdating:
      return "UPDATING";
    case KinesisStatus::kDisabling:
      return "DISABLING";
    case KinesisStatus::kDisabled:
      return "DISABLED";
    case KinesisStatus::kEnableFailed:
      return "ENABLE_FAILED";
  }
  return "ACTIVE";
}

/// The current status.
KinesisStatus status_of(const KinesisDestination& destination, std::int64_t now_ms) {
  // With a log, the sending thread has to look for the stream first.
  const bool looked = destination.space == 0 || destination.found;
  const bool settled = now_ms >= destination.status_until_ms && (looked || !destination.description.empty());
  switch (destination.status) {
    case KinesisStatus::kEnabling:
      if (!settled) return KinesisStatus::kEnabling;
      return destination.description.empty() ? KinesisStatus::kActive : KinesisStatus::kEnableFailed;
    case KinesisStatus::kUpdating:
      return settled ? KinesisStatus::kActive : KinesisStatus::kUpdating;
    case KinesisStatus::kDisabling:
      return settled ? KinesisStatus::kDisabled : KinesisStatus::kDisabling;
    default:
      return destination.status;
  }
}

bool is_live(KinesisStatus status) {
  return status != KinesisStatus::kDisabled && status != KinesisStatus::kEnableFailed;
}

/// Why the service would fail to enable the destination after a while; empty if it would not. Whether the stream exists
/// is not known here.
std::string_view fault_of(const Call& call, std::string_view stream_arn) {
  const TableArn arn = parse_arn(stream_arn);
  if (arn.service != "kinesis" || !arn.resource.starts_with("stream/") ||
      arn.resource.find('/', arn.resource.find('/') + 1) != std::string_view::npos) {
    return "User does not have a permission to use kinesis stream";
  }
  if (!is_own_region(call.context, arn.region)) {
    return "The kinesis Arn used to enable kinesis replication belongs to a stream which is not in the current region";
  }
  if (arn.account != call.context.account_id) {
    return "The kinesis Arn used to enable kinesis replication belongs to a stream which is not in Active state";
  }
  return {};
}

KinesisDestination* find(engine::Table& table, std::string_view stream_arn) {
  const auto found = std::ranges::find(table.kinesis, stream_arn, &KinesisDestination::stream_arn);
  return found == table.kinesis.end() ? nullptr : &*found;
}

std::optional<std::string_view> precision_of(const Members& request, std::string_view configuration) {
  const auto object = request.object(configuration);
  return object ? Members(*object).text(kPrecision) : std::nullopt;
}

void reply(Call& call, KinesisStatus status, std::string_view configuration,
           std::optional<std::string_view> precision) {
  ObjectWriter writer(call.reply);
  writer.text("TableName", table_name(call.request));
  writer.text("StreamArn", call.request.required_text("StreamArn"));
  writer.text("DestinationStatus", status_name(status));
  if (!configuration.empty()) {
    ObjectWriter echoed(writer.key(configuration));
    if (precision) echoed.text(kPrecision, *precision);
    echoed.end();
  }
  writer.end();
}

/// Calls `change` with the table, the request's StreamArn and the time, under the catalog's lock.
template <class Change>
void change_table(Call& call, Change change) {
  const std::int64_t now_ms = call.engine().clock().now_ms();
  const std::string_view stream_arn = call.request.required_text("StreamArn");
  annotate_table(call, table_name(call.request), [&](engine::Table& table) {
    check_created(table);
    change(table, stream_arn, now_ms);
  });
}

}  // namespace

void describe_kinesis_streaming_destination(Call& call) {
  const std::string name(table_name(call.request));
  const engine::TablePtr table = find_created_table(call, name);
  if (!table) throw_table_not_found(name);
  const std::int64_t now_ms = call.engine().clock().now_ms();
  ObjectWriter writer(call.reply);
  writer.text("TableName", name);
  ArrayWriter destinations(writer.key("KinesisDataStreamDestinations"));
  for (const KinesisDestination& destination : table->kinesis) {
    const KinesisStatus status = status_of(destination, now_ms);
    ObjectWriter entry(destinations.element());
    entry.text("StreamArn", destination.stream_arn);
    entry.text("DestinationStatus", status_name(status));
    if (status == KinesisStatus::kEnableFailed) entry.text("DestinationStatusDescription", destination.description);
    if (!destination.precision.empty()) entry.text(kPrecision, destination.precision);
    entry.end();
  }
  destinations.end();
  writer.end();
}

void enable_kinesis_streaming_destination(Call& call) {
  const auto precision = precision_of(call.request, kEnableConfiguration);
  change_table(call, [&](engine::Table& table, std::string_view stream_arn, std::int64_t now_ms) {
    for (const KinesisDestination& other : table.kinesis) {
      if (!is_live(status_of(other, now_ms))) continue;
      throw_not_ready(
          "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation.");
    }
    std::erase_if(table.kinesis, [&](const KinesisDestination& other) { return other.stream_arn == stream_arn; });
    KinesisDestination destination;
    destination.stream_arn = stream_arn;
    destination.status = KinesisStatus::kEnabling;
    destination.status_until_ms = now_ms + call.engine().transition_delay_ms();
    destination.precision = precision.value_or(std::string_view{});
    destination.description = fault_of(call, stream_arn);
    table.kinesis.insert(table.kinesis.begin(), std::move(destination));
  });
  reply(call, KinesisStatus::kEnabling, kEnableConfiguration, precision);
}

void update_kinesis_streaming_destination(Call& call) {
  const auto precision = precision_of(call.request, kUpdateConfiguration);
  change_table(call, [&](engine::Table& table, std::string_view stream_arn, std::int64_t now_ms) {
    KinesisDestination* destination = find(table, stream_arn);
    if (destination == nullptr) {
      throw_not_ready("No streaming destination with streamArn: " + std::string(stream_arn) +
                      " found for table with tableName: " + table.name);
    }
    if (status_of(*destination, now_ms) != KinesisStatus::kActive) {
      throw_not_ready(
          "Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. TableName: " +
          table.name + ", kdsArn: " + std::string(stream_arn));
    }
    if (!precision) {
      throw_validation(
          "Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration cannot "
          "be "
          "null or contain only null values");
    }
    if (destination->precision == *precision || (destination->precision.empty() && *precision == "MILLISECOND")) {
      throw_validation("Invalid Request: Precision is already set to the desired value of " + std::string(*precision) +
                       " for tableId: " + table.id + ", kdsArn: " + std::string(stream_arn));
    }
    destination->precision = *precision;
    destination->status = KinesisStatus::kUpdating;
    destination->status_until_ms = now_ms + call.engine().transition_delay_ms();
  });
  reply(call, KinesisStatus::kUpdating, kUpdateConfiguration, precision);
}

void disable_kinesis_streaming_destination(Call& call) {
  if (call.request.has(kEnableConfiguration)) {
    throw_validation("Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters");
  }
  change_table(call, [&](engine::Table& table, std::string_view stream_arn, std::int64_t now_ms) {
    KinesisDestination* destination = find(table, stream_arn);
    const KinesisStatus status = destination == nullptr ? KinesisStatus::kDisabled : status_of(*destination, now_ms);
    if (status == KinesisStatus::kDisabling) return;
    if (status != KinesisStatus::kActive || table.status == engine::TableStatus::kDeleting) {
      throw_not_ready("KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.");
    }
    destination->status = KinesisStatus::kDisabling;
    destination->status_until_ms = now_ms + call.engine().transition_delay_ms();
    destination->precision.clear();
  });
  reply(call, KinesisStatus::kDisabling, {}, std::nullopt);
}

}  // namespace stator::api
