#include <string>

#include "api/operations.h"
#include "api/regions.h"
#include "api/reply.h"
#include "api/restore_request.h"
#include "api/table_description.h"
#include "api/throughput.h"
#include "api/time_text.h"
#include "core/api_error.h"
#include "engine/backup/backups.h"

/// UpdateContinuousBackups, DescribeContinuousBackups, RestoreTableToPointInTime. Source of the surprising rules: the
/// AWS controller for Kubernetes' measurements, October 2026.
namespace stator::api {
namespace {

/// The table; null while it is being created or restored.
engine::TablePtr find_restorable(Call& call, std::string_view name) {
  engine::TablePtr table = find_whole_table(call, name);
  return table == nullptr || table->status == engine::TableStatus::kCreating ? nullptr : table;
}

engine::TablePtr find_source(Call& call, std::string_view name) {
  engine::TablePtr table = find_restorable(call, name);
  if (table == nullptr) engine::throw_no_table(name);
  return table;
}

void append_continuous_backups(Call& call, const engine::Table& table) {
  ObjectWriter writer(call.reply);
  ObjectWriter description(writer.key("ContinuousBackupsDescription"));
  // Always ENABLED; the inner status says whether the table has point-in-time recovery.
  description.text("ContinuousBackupsStatus", "ENABLED");
  ObjectWriter recovery(description.key("PointInTimeRecoveryDescription"));
  const auto window = call.engine().recovery_window(table);
  recovery.text("PointInTimeRecoveryStatus", window ? "ENABLED" : "DISABLED");
  if (window) {
    recovery.integer("RecoveryPeriodInDays", table.recovery_days);
    recovery.time("EarliestRestorableDateTime", window->earliest_ms);
    recovery.time("LatestRestorableDateTime", window->latest_ms);
  }
  recovery.end();
  description.end();
  writer.end();
}

/// The name of the source table, and the region of its ARN or of the request.
struct Source {
  std::string name;
  std::string_view region;
  bool by_arn = false;
};

Source read_source(Call& call) {
  const auto arn = call.request.text("SourceTableArn");
  const auto name = call.request.text("SourceTableName");
  if (arn && name) {
    core::throw_validation("Invalid Request: Must provide exactly one of: sourceTableArn, sourceTableName");
  }
  if (name) return {std::string(table_name_from(*name)), call.context.region};
  if (!arn) core::throw_validation("The parameter 'TableName' is required but was not present in the request");
  if (!arn->starts_with("arn:")) core::throw_invalid_parameters("ARNs must start with 'arn:': " + std::string(*arn));
  const TableArn parts = parse_arn(*arn);
  constexpr std::string_view kTable = "table/";
  if (parts.service != "dynamodb" || !parts.resource.starts_with(kTable)) {
    core::throw_validation("sourceTableArn is not a valid ARN");
  }
  if (parts.account != call.context.account_id) {
    core::throw_validation("This action is only supported by accounts that match the resource owner\u2019s account.");
  }
  return {std::string(parts.resource.substr(kTable.size())), parts.region, true};
}

/// The same for a source; if it was named by an ARN, the error does not name the missing table.
engine::TablePtr find_source(Call& call, const Source& source) {
  engine::TablePtr table = find_restorable(call, source.name);
  if (table == nullptr && source.by_arn) throw core::ApiError(core::ErrorCode::kTableNotFound, "Table not found");
  if (table == nullptr) engine::throw_no_table(source.name);
  return table;
}

/// Reads the time to restore to; nullopt: the latest possible.
std::optional<std::int64_t> read_time(Call& call) {
  const auto time_ms = call.request.time_ms("RestoreDateTime");
  const bool latest = call.request.flag("UseLatestRestorableTime");
  if (time_ms && latest) {
    core::throw_validation(
        "Invalid Request: Both RestoreDateTime and UseLatestRestorableTime cannot be set for point-in-time restore "
        "request. Please specify either RestoreDateTime time or UseLatestRestorableTime");
  }
  if (!time_ms && !latest) {
    core::throw_validation(
        "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both");
  }
  return time_ms;
}

}  // namespace

void describe_continuous_backups(Call& call) {
  append_continuous_backups(call, *find_source(call, table_name(call.request)));
}

void update_continuous_backups(Call& call) {
  constexpr std::int64_t kDefaultDays = 35;
  const std::string name(table_name(call.request));
  const Members specification(call.request.required_object("PointInTimeRecoverySpecification"));
  const bool enabled = specification.flag("PointInTimeRecoveryEnabled");
  const auto days = specification.integer("RecoveryPeriodInDays");
  if (!enabled && days) {
    core::throw_validation(
        "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.");
  }
  if (find_source(call, name)->status == engine::TableStatus::kDeleting) engine::throw_no_table(name);
  const engine::TablePtr table = annotate_table(call, name, [&](engine::Table& changed) {
    if (!enabled) {
      changed.recovery_days = 0;
    } else if (days || changed.recovery_days == 0) {
      changed.recovery_days = days.value_or(kDefaultDays);
    }
  });
  append_continuous_backups(call, *table);
}

void restore_table_to_point_in_time(Call& call) {
  const Source source = read_source(call);
  const std::optional<std::int64_t> wanted_ms = read_time(call);
  check_restore_region(call, source.region);
  const engine::TablePtr table = find_source(call, source);
  const auto window = call.engine().recovery_window(*table);
  if (!window) engine::throw_no_recovery(source.name);
  const std::int64_t time_ms = wanted_ms.value_or(window->latest_ms);
  if (time_ms < window->earliest_ms || time_ms > window->latest_ms) {
    throw core::ApiError(core::ErrorCode::kInvalidRestoreTime,
                         "RestoreDateTime '" + time_text(time_ms) + "' must be within EarliestRestorableDateTime '" +
                             time_text(window->earliest_ms) + "' and LatestRestorableDateTime '" +
                             time_text(window->latest_ms) + "'");
  }
  check_no_warm_indexes(call.request, "GlobalSecondaryIndexOverride", "RestoreTableToPointInTime");
  engine::Table target = read_restored_table(call, *table);
  check_restore_target(call);
  const engine::TablePtr restored = call.engine().restore_to_time(*table, time_ms, std::move(target));
  ObjectWriter writer(call.reply);
  append_table_description(call, *restored, writer.key("TableDescription"));
  writer.end();
}

}  // namespace stator::api
