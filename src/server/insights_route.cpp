#include <cstdint>
#include <string>

#include "core/api_error.h"
#include "engine/access_counts.h"
#include "engine/engine.h"
#include "json/object_writer.h"
#include "server/json_body.h"
#include "server/route.h"

namespace stator::server {
namespace {

void append_counts(const std::vector<engine::AccessCounts::Count>& counts, std::string& out) {
  json::ArrayWriter list(out);
  for (const engine::AccessCounts::Count& each : counts) {
    json::ObjectWriter entry(list.element());
    entry.key("key") += each.key_json;
    entry.integer("count", static_cast<std::int64_t>(each.count));
    entry.integer("at_most_too_many", static_cast<std::int64_t>(each.error));
    entry.end();
  }
  list.end();
}

void append_insights(engine::Engine& engine, const JsonBody& body, std::string& reply) {
  constexpr std::int64_t kDefault = 10;
  constexpr std::int64_t kMost = 1000;
  const auto name = body.text("table");
  if (!name) core::throw_validation(R"(Say {"table": "shop"}, and perhaps "index" and "limit")");
  const auto index_name = body.text("index");
  const std::int64_t limit = body.integer("limit").value_or(kDefault);
  if (limit < 1 || limit > kMost) core::throw_validation("limit must be a number from 1 to 1000");
  const engine::GatePass pass(engine.gate());
  const engine::TablePtr table = engine.find_table(*name);
  if (table == nullptr) core::throw_resource_not_found("there is no table " + std::string(*name));
  const engine::Index* const index = index_name ? table->index(*index_name) : nullptr;
  if (index_name && (index == nullptr || !index->global)) {
    core::throw_resource_not_found("table " + table->name + " has no global index " + std::string(*index_name));
  }
  const auto& accesses = index != nullptr ? index->accesses : table->accesses;
  json::ObjectWriter writer(reply);
  writer.text("table", table->name);
  if (index != nullptr) writer.text("index", index->name);
  writer.flag("enabled", accesses != nullptr);
  if (accesses != nullptr) {
    const engine::AccessCounts::Report report = accesses->report(*table, index, static_cast<std::size_t>(limit));
    writer.integer("accesses", static_cast<std::int64_t>(report.accesses));
    append_counts(report.partitions, writer.key("partition_keys"));
    append_counts(report.items, writer.key("items"));
  }
  writer.end();
}

}  // namespace

std::vector<Route> insights_routes(engine::Engine& engine) {
  const auto answer = [&engine](std::string_view body, std::string& reply) {
    append_insights(engine, JsonBody(body, {"table", "index", "limit"}), reply);
  };
  return {{.method = "POST", .path = "/_stator/insights", .effort = endpoint::Effort::kItem, .answer = answer}};
}

}  // namespace stator::server
