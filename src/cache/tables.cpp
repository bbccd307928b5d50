#include "cache/tables.h"

#include <algorithm>
#include <optional>

#include "api/call.h"
#include "core/api_error.h"
#include "json/writer.h"

namespace stator::cache {
namespace {

constexpr std::size_t kMostTables = 10'000;
constexpr std::size_t kMostUnknown = 1'000;
constexpr std::int64_t kAskAgainMs = 1'000;

/// nullopt where the reply does not describe a table with one or two key attributes.
std::optional<Schema> read_schema(std::string_view reply) {
  json::Parser parser;
  const json::Value root = parser.parse(reply);
  json::Array keys;
  if (root.at_pointer("/Table/KeySchema").get(keys) != simdjson::SUCCESS) return std::nullopt;
  Schema schema;
  for (const json::Value key : keys) {
    std::string_view name;
    std::string_view type;
    if (key["AttributeName"].get(name) != simdjson::SUCCESS || key["KeyType"].get(type) != simdjson::SUCCESS)
      return std::nullopt;
    (type == "HASH" ? schema.partition_key : schema.sort_key) = name;
  }
  json::Array indexes;
  if (root.at_pointer("/Table/LocalSecondaryIndexes").get(indexes) == simdjson::SUCCESS) {
    for (const json::Value index : indexes) {
      std::string_view name;
      if (index["IndexName"].get(name) == simdjson::SUCCESS) schema.local_indexes.emplace(name);
    }
  }
  if (schema.partition_key.empty()) return std::nullopt;
  return schema;
}

}  // namespace

Table* Tables::find_any(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = tables_.find(name);
  return found == tables_.end() ? nullptr : found->second.get();
}

Table* Tables::find(std::string_view name) const {
  Table* const table = find_any(name);
  return table == nullptr || table->schema.load() == nullptr ? nullptr : table;
}

Table* Tables::learn(std::string_view name, endpoint::Endpoint& upstream, const endpoint::Request& request) {
  if (Table* const known = find(name)) return known;
  const std::lock_guard lock(learning_);
  if (Table* const known = find(name)) return known;
  const std::int64_t now_ms = options_.clock->now_ms();
  const auto unknown = unknown_until_ms_.find(name);
  if (unknown != unknown_until_ms_.end()) {
    if (now_ms < unknown->second) return nullptr;
    unknown_until_ms_.erase(unknown);
  }
  // A change of the table during the call invalidates the description.
  Table* const before = find_any(name);
  const std::uint64_t version = before == nullptr ? 0 : before->whole.version();
  std::optional<Schema> schema;
  try {
    std::string body = R"({"TableName":)";
    json::append_string(name, body);
    body += '}';
    endpoint::Request describe = request;
    endpoint::ReplyNotes notes;
    describe.operation = "DescribeTable";
    describe.body = body;
    describe.padding_bytes = 0;
    describe.notes = &notes;
    std::string reply;
    upstream.call(describe, reply);
    schema = read_schema(reply);
  } catch (const core::ApiError&) {
    // No such table, or no right to know of it.
  }
  if (!schema) {
    if (unknown_until_ms_.size() >= kMostUnknown) unknown_until_ms_.clear();
    unknown_until_ms_[std::string(name)] = now_ms + kAskAgainMs;
    return nullptr;
  }
  const std::unique_lock tables_lock(mutex_);
  auto found = tables_.find(name);
  if (found == tables_.end()) {
    if (tables_.size() >= kMostTables) return nullptr;
    found = tables_.emplace(std::string(name), std::make_unique<Table>(std::string(name))).first;
    for (std::size_t kind = 0; kind < kReadKinds; ++kind) {
      found->second->lifetimes_ms[kind] = options_.lifetimes.of(name, static_cast<ReadKind>(kind));
    }
  }
  Table& table = *found->second;
  if (before != nullptr && table.whole.version() != version) return nullptr;
  schemas_.push_back(std::make_unique<const Schema>(*std::move(schema)));
  table.schema.store(schemas_.back().get());
  return &table;
}

void Tables::forget_schema(std::string_view name) {
  if (Table* const table = find_any(name)) table->schema.store(nullptr);
  const std::lock_guard lock(learning_);
  const auto unknown = unknown_until_ms_.find(name);
  if (unknown != unknown_until_ms_.end()) unknown_until_ms_.erase(unknown);
}

std::vector<Table*> Tables::all() const {
  std::vector<Table*> tables;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [name, table] : tables_) tables.push_back(table.get());
  }
  std::ranges::sort(tables, {}, [](const Table* table) -> const std::string& { return table->name; });
  return tables;
}

}  // namespace stator::cache
