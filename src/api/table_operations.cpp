#include <utility>

#include "api/changes_under_way.h"
#include "api/operations.h"
#include "api/regions.h"
#include "api/replica_updates.h"
#include "api/reply.h"
#include "api/table_description.h"
#include "api/table_request.h"
#include "core/api_error.h"
#include "core/limits.h"
#include "engine/replicas.h"
#include "engine/table_changes.h"
#include "json/writer.h"

/// CreateTable, DescribeTable, ListTables, DeleteTable.
namespace stator::api {

void create_table(Call& call) {
  // A replica of another account's table would not be an independent table.
  if (call.request.has("GlobalTableSourceArn")) {
    core::throw_invalid_parameters("Multi-account global tables are not supported: GlobalTableSourceArn");
  }
  engine::Table wanted = read_table(call);
  const auto mode = call.request.text("GlobalTableSettingsReplicationMode");
  // ENABLED_WITH_OVERRIDES is the default.
  if (mode && mode != "ENABLED_WITH_OVERRIDES") wanted.settings_replication = *mode;
  const engine::TablePtr table = call.engine().create_table(std::move(wanted));
  ObjectWriter writer(call.reply);
  append_created_table_description(call, *table, writer.key("TableDescription"));
  writer.end();
}

void describe_table(Call& call) {
  const std::string name(table_name(call.request));
  const engine::TablePtr table = find_table(call, name);
  if (!table) throw_table_not_found(name);
  ObjectWriter writer(call.reply);
  append_table_description(call, *table, writer.key("Table"));
  writer.end();
}

namespace {

/// Removes the request's region from a table with replicas; the others stay. Null if there are no replicas.
engine::TablePtr delete_replica(Call& call, std::string_view name) {
  const engine::TablePtr known = call.engine().find_table(name);
  if (known == nullptr || known->replicas.empty()) return nullptr;
  const std::string region(engine::region_of(*known, call.context.region));
  const engine::TableStatus status = known->replica(region)->status;
  if (status == engine::TableStatus::kCreating) {
    engine::throw_still_in_use("Table: " + known->name + " is being used.");
  }
  check_removable(call, *known, region);
  const std::int64_t until_ms = call.engine().clock().now_ms() + call.engine().transition_delay_ms();
  call.engine().update_table(
      name,
      [&](engine::Table& table) {
        if (table.replica(region) == nullptr) {
          throw core::ApiError(core::ErrorCode::kResourceInUse,
                               "The resource which you are attempting to change is in use.");
        }
        check_changes_under_way({.replicas = true}, table);
        check_removable(call, table, region);
        engine::begin_removal(table, region, until_ms);
      },
      engine::UpdateScope::kTable);
  engine::Table shown = *view_of(call, known);
  shown.status = engine::TableStatus::kDeleting;
  return std::make_shared<engine::Table>(std::move(shown));
}

}  // namespace

void delete_table(Call& call) {
  const std::string_view name = table_name(call.request);
  engine::TablePtr table = delete_replica(call, name);
  if (table == nullptr) table = call.engine().delete_table(name);
  ObjectWriter writer(call.reply);
  append_deleted_table_description(call, *table, writer.key("TableDescription"));
  writer.end();
}

void list_tables(Call& call) {
  const auto after = call.request.text("ExclusiveStartTableName").value_or(std::string_view{});
  const auto limit = static_cast<std::size_t>(
      call.request.integer("Limit").value_or(static_cast<std::int64_t>(core::kMaxListTablesLimit)));
  // One more than asked for, which shows whether there is a next page.
  auto names = call.engine().list_tables(after, limit + 1);
  const bool more = names.size() > limit;
  if (more) names.pop_back();
  ObjectWriter writer(call.reply);
  ArrayWriter list(writer.key("TableNames"));
  for (const auto& name : names) json::append_string(name, list.element());
  list.end();
  if (more) writer.text("LastEvaluatedTableName", names.back());
  writer.end();
}

}  // namespace stator::api
