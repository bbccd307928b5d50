#include "cache/tables.h"

#include <algorithm>
#include <chrono>

#include "json/reader.h"
#include "json/writer.h"

namespace stator::cache {
namespace {

constexpr std::size_t kMostTables = 10'000;
constexpr std::size_t kMostUnknown = 1'000;
constexpr std::int64_t kAskAgainMs = 1'000;
/// A failing upstream is retried for this long; after that, requests are served without its answer.
constexpr std::chrono::seconds kMostPatience{5};

/// nullopt if the reply does not describe a table with one or two key attributes.
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
  std::string_view identity;
  double created_seconds = 0;
  if (root.at_pointer("/Table/TableId").get(identity) == simdjson::SUCCESS ||
      root.at_pointer("/Table/TableArn").get(identity) == simdjson::SUCCESS) {
    schema.identity = identity;
  }
  // DynamoDB Local has no table ids, and the same account everywhere, so the creation time is added.
  if (root.at_pointer("/Table/TableId").error() != simdjson::SUCCESS &&
      root.at_pointer("/Table/CreationDateTime").get(created_seconds) == simdjson::SUCCESS) {
    schema.identity += '@' + std::to_string(created_seconds);
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

/// Sends DescribeTable on behalf of `request`.
std::optional<Schema> ask_for_schema(std::string_view name, endpoint::Endpoint& upstream,
                                     const endpoint::Request& request) {
  std::string body = R"({"TableName":)";
  json::append_string(name, body);
  body += '}';
  endpoint::Request describe = request;
  endpoint::ReplyNotes notes;
  describe.operation = "DescribeTable";
  describe.body = body;
  describe.padding_bytes = 0;
  describe.notes = &notes;
  describe.deadline = std::min(request.deadline, std::chrono::steady_clock::now() + kMostPatience);
  try {
    std::string reply;
    upstream.call(describe, reply);
    return read_schema(reply);
  } catch (const std::exception&) {
    return std::nullopt;  // no such table, or the caller may not describe it
  }
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

Table* Tables::wait_for_answer(std::string_view name, const std::shared_ptr<Question>& question,
                               endpoint::Request::Time deadline, std::unique_lock<std::mutex>& lock) const {
  const auto is_answered = [&] { return question->is_answered; };
  if (deadline == endpoint::Request::Time::max()) {
    question->answered.wait(lock, is_answered);
  } else if (!question->answered.wait_until(lock, deadline, is_answered)) {
    return nullptr;
  }
  return find(name);
}

Table* Tables::add(std::string_view name, Schema schema, std::optional<std::uint64_t> version) {
  const std::unique_lock lock(mutex_);
  auto found = tables_.find(name);
  if (found == tables_.end()) {
    if (tables_.size() >= kMostTables) return nullptr;
    found = tables_.emplace(std::string(name), std::make_unique<Table>(std::string(name))).first;
    for (std::size_t kind = 0; kind < kReadKinds; ++kind) {
      found->second->lifetimes_ms[kind] = options_.lifetimes.of(name, static_cast<ReadKind>(kind));
    }
  }
  Table& table = *found->second;
  if (version && table.whole.version() != *version) return nullptr;
  if (table.last_schema == nullptr || *table.last_schema != schema) {
    // Another table of that name: cached entries belong to the earlier one.
    if (table.last_schema != nullptr) table.whole.note_change();
    schemas_.push_back(std::make_unique<const Schema>(std::move(schema)));
    table.last_schema = schemas_.back().get();
  }
  table.learnt_ms = options_.clock->now_ms();
  table.schema.store(table.last_schema);
  return &table;
}

void Tables::notify_new_schema(std::string_view name, const Schema& schema) const {
  const Table* const table = find_any(name);
  const bool is_another = table != nullptr && table->last_schema != nullptr && *table->last_schema != schema;
  if (is_another && on_new_schema) on_new_schema(*table);
}

Table* Tables::learn(std::string_view name, endpoint::Endpoint& upstream, const endpoint::Request& request) {
  if (Table* const known = find(name)) return known;
  std::unique_lock lock(learning_);
  if (Table* const known = find(name)) return known;
  const auto unknown = unknown_until_ms_.find(name);
  if (unknown != unknown_until_ms_.end()) {
    if (options_.clock->now_ms() < unknown->second) return nullptr;
    unknown_until_ms_.erase(unknown);
  }
  if (const auto asked = questions_.find(name); asked != questions_.end()) {
    return wait_for_answer(name, std::shared_ptr(asked->second), request.deadline, lock);
  }
  const auto question = questions_.emplace(std::string(name), std::make_shared<Question>()).first->second;
  lock.unlock();
  // A change of the table during the call invalidates the description.
  const Table* const before = find_any(name);
  const auto version = before == nullptr ? std::nullopt : std::optional(before->whole.version());
  std::optional<Schema> schema = ask_for_schema(name, upstream, request);
  lock.lock();
  question->is_answered = true;
  questions_.erase(questions_.find(name));
  question->answered.notify_all();
  if (schema) {
    notify_new_schema(name, *schema);
    return add(name, *std::move(schema), version);
  }
  if (unknown_until_ms_.size() >= kMostUnknown) unknown_until_ms_.clear();
  // Counted from here, as the answer itself may have taken long.
  unknown_until_ms_[std::string(name)] = options_.clock->now_ms() + kAskAgainMs;
  return nullptr;
}

void Tables::forget_schema(std::string_view name) {
  if (Table* const table = find_any(name)) table->schema.store(nullptr);
  const std::lock_guard lock(learning_);
  const auto unknown = unknown_until_ms_.find(name);
  if (unknown != unknown_until_ms_.end()) unknown_until_ms_.erase(unknown);
}

void Tables::doubt_schema(Table& table, endpoint::Endpoint& upstream, const endpoint::Request& request) {
  {
    const std::lock_guard lock(learning_);
    const std::int64_t now_ms = options_.clock->now_ms();
    if (now_ms - table.learnt_ms < kAskAgainMs) return;
    table.learnt_ms = now_ms;  // whatever the answer: other doubts in the meantime do not ask again
  }
  const std::uint64_t version = table.whole.version();
  std::optional<Schema> schema = ask_for_schema(table.name, upstream, request);
  if (!schema) return;
  const std::lock_guard lock(learning_);
  notify_new_schema(table.name, *schema);
  add(table.name, *std::move(schema), version);
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
