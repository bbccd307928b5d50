#include <ostream>

#include "cli/backup_commands.h"
#include "cli/command.h"
#include "cli/size_text.h"
#include "cli/target.h"
#include "json/reader.h"
#include "json/writer.h"
#include "toolkit/call.h"
#include "toolkit/table_info.h"
#include "toolkit/tables.h"
#include "toolkit/text_table.h"

/// stator tables, stator describe.
namespace stator::cli {
namespace {

std::string key_text(const std::vector<toolkit::KeyColumn>& partition, const std::vector<toolkit::KeyColumn>& sort) {
  std::string text;
  for (const auto* columns : {&partition, &sort}) {
    for (const toolkit::KeyColumn& column : *columns)
      text += (text.empty() ? "" : ", ") + column.name + " " + column.type + (columns == &sort ? " (sort)" : "");
  }
  return text;
}

std::vector<toolkit::KeyColumn> sort_columns(const toolkit::TableInfo& table) {
  return table.has_sort_key() ? std::vector{table.sort_key} : std::vector<toolkit::KeyColumn>();
}

void list(Session& session, bool is_long) {
  require_human_or_json(session);
  const auto endpoint = open_endpoint(session);
  const std::vector<std::string> names = toolkit::list_tables(*endpoint);
  if (names.empty() && session.output == OutputFormat::kHuman) {
    *session.err << "no tables (" << endpoint->describe() << ")\n";
    return;
  }
  if (!is_long && session.output == OutputFormat::kHuman) {
    for (const std::string& name : names) *session.out << name << "\n";
    return;
  }
  std::string json = "[";
  toolkit::TextTable table({"table", "status", "key", "indexes", "items", "size"});
  for (const std::string& name : names) {
    if (!is_long) {
      if (json.back() != '[') json += ',';
      json::append_string(name, json);
      continue;
    }
    const toolkit::TableInfo info = toolkit::describe_table(*endpoint, name);
    if (json.back() != '[') json += ',';
    json += info.description_json;
    table.set("table", {name, false});
    table.set("status", {info.status, false});
    table.set("key", {key_text({info.partition_key}, sort_columns(info)), false});
    table.set("indexes", {std::to_string(info.indexes.size() + info.vector_indexes.size()), true});
    table.set("items", {std::to_string(info.item_count), true});
    table.set("size", {size_text(info.size_bytes), true});
    table.end_row();
  }
  if (session.output == OutputFormat::kJson) return print_json(session, json + "]");
  table.draw(*session.out, session.columns, session.colour);
}

/// The value at a JSON pointer in a description, as text.
std::string text_at(const json::Value& root, const char* pointer) {
  json::Value value;
  if (root.at_pointer(pointer).get(value) != simdjson::SUCCESS) return {};
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? std::string(text) : std::string(simdjson::minify(value));
}

std::string billing_text(const json::Value& table) {
  if (text_at(table, "/BillingModeSummary/BillingMode") == "PAY_PER_REQUEST") return "on demand";
  return "provisioned, " + text_at(table, "/ProvisionedThroughput/ReadCapacityUnits") + " read and " +
         text_at(table, "/ProvisionedThroughput/WriteCapacityUnits") + " write units";
}

/// The time to live attribute; empty if it is disabled, or if the caller is not allowed to ask.
std::string time_to_live(endpoint::Endpoint& endpoint, const std::string& table) {
  try {
    const std::string reply =
        toolkit::call(endpoint, "DescribeTimeToLive", toolkit::RequestBuilder().text("TableName", table).str());
    json::Parser parser;
    const json::Value root = parser.parse(reply);
    const std::string attribute = text_at(root, "/TimeToLiveDescription/AttributeName");
    const std::string status = text_at(root, "/TimeToLiveDescription/TimeToLiveStatus");
    if (attribute.empty()) return {};
    return attribute + (status == "ENABLED" ? "" : " (" + status + ")");
  } catch (const toolkit::OperationError&) {
    return {};
  }
}

std::string projection_text(const std::string& projection, const std::vector<std::string>& included) {
  if (projection != "INCLUDE") return projection == "ALL" ? "all attributes" : "keys only";
  std::string text = "keys";
  for (const std::string& attribute : included) text += ", " + attribute;
  return text;
}

/// " (CREATING)"; nothing for ACTIVE.
std::string status_text(const std::string& status) {
  return status.empty() || status == "ACTIVE" ? "" : " (" + status + ")";
}

void describe(Session& session, const std::string& name) {
  require_human_or_json(session);
  const auto endpoint = open_endpoint(session);
  const toolkit::TableInfo info = toolkit::describe_table(*endpoint, name);
  if (session.output == OutputFormat::kJson) return print_json(session, info.description_json);
  json::Parser parser;
  const json::Value table = parser.parse(info.description_json);
  const auto line = [&](const std::string& label, const std::string& text) {
    constexpr std::size_t kLabel = 14;
    if (!text.empty())
      *session.out << label << std::string(kLabel - std::min(kLabel - 1, label.size()), ' ') << text << "\n";
  };
  line("table", info.name + (info.status == "ACTIVE" ? "" : " (" + info.status + ")"));
  line("key", key_text({info.partition_key}, sort_columns(info)));
  line("items", std::to_string(info.item_count) + ", " + size_text(info.size_bytes));
  line("capacity", billing_text(table));
  line("stream", text_at(table, "/StreamSpecification/StreamViewType"));
  line("time to live", time_to_live(*endpoint, name));
  if (text_at(table, "/DeletionProtectionEnabled") == "true") line("protection", "against deletion");
  line("arn", text_at(table, "/TableArn"));
  for (const toolkit::IndexInfo& index : info.indexes) {
    line("index", index.name + ": " + key_text(index.partition_keys, index.sort_keys) + "; " +
                      projection_text(index.projection, index.included) + (index.global ? "" : "; local") +
                      status_text(index.status));
  }
  for (const toolkit::VectorIndexInfo& index : info.vector_indexes) {
    const std::string partition = key_text(index.partition_keys, {});
    const std::string filters = key_text(index.filters, {});
    line("vector index", index.name + ": " + index.attribute + ", " + std::to_string(index.dimensions) +
                             " dimensions, " + index.distance + (partition.empty() ? "" : "; by " + partition) +
                             (filters.empty() ? "" : "; filters " + filters) + "; " +
                             projection_text(index.projection, index.included) + status_text(index.status));
  }
}

}  // namespace

void add_table_commands(CLI::App& root, Session& session) {
  CLI::App* tables = root.add_subcommand("tables", "List the tables, one name per line");
  const auto is_long = std::make_shared<bool>(false);
  tables->add_flag("-l,--long", *is_long, "With keys, counts and sizes");
  tables->footer("Example: stator tables --long");
  tables->callback([is_long, &session] { list(session, *is_long); });

  CLI::App* describe_command = root.add_subcommand("describe", "Describe a table: keys, indexes, capacity, size");
  const auto name = std::make_shared<std::string>();
  describe_command->add_option("TABLE", *name, "The table")->required();
  describe_command->footer("Example: stator describe shop --output json");
  describe_command->callback([name, &session] { describe(session, *name); });

  add_backups_command(root, session);
}

}  // namespace stator::cli
