#include "api/operations.h"
#include "api/reply.h"
#include "api/table_description.h"
#include "api/table_request.h"
#include "core/api_error.h"
#include "core/limits.h"
#include "json/writer.h"

/// CreateTable, DescribeTable, ListTables, DeleteTable.
namespace stator::api {

void create_table(Call& call) {
  const engine::TablePtr table = call.engine().create_table(read_table(call));
  ObjectWriter writer(call.reply);
  append_created_table_description(call, *table, writer.key("TableDescription"));
  writer.end();
}

void describe_table(Call& call) {
  const std::string name(table_name(call.request));
  const engine::TablePtr table = call.engine().find_table(name);
  if (!table) core::throw_resource_not_found("Requested resource not found: Table: " + name + " not found");
  ObjectWriter writer(call.reply);
  append_table_description(call, *table, writer.key("Table"));
  writer.end();
}

void delete_table(Call& call) {
  const engine::TablePtr table = call.engine().delete_table(table_name(call.request));
  ObjectWriter writer(call.reply);
  append_deleted_table_description(call, *table, writer.key("TableDescription"));
  writer.end();
}

void list_tables(Call& call) {
  const auto after = call.request.text("ExclusiveStartTableName").value_or(std::string_view{});
  const auto limit = static_cast<std::size_t>(
      call.request.integer("Limit").value_or(static_cast<std::int64_t>(core::kMaxListTablesLimit)));
  // One more than asked for: then it is known whether there is a next page.
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
