#include "engine/expiry.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "core/api_error.h"
#include "engine/keys.h"
#include "engine/state.h"
#include "engine/stored_value.h"
#include "json/item.h"
#include "json/writer.h"

namespace stator::engine {
namespace {

constexpr std::size_t kChunkItems = 256;
constexpr std::size_t kChunkBytes = 1 << 20;
/// A walk takes at most a tenth of one core.
constexpr int kRestForWork = 9;

expression::Condition condition_from(const std::string& names, const std::string& values) {
  json::Parser names_parser;
  json::Parser values_parser;
  const json::Object names_object = names_parser.parse(names).get_object();
  const json::Object values_object = values_parser.parse(values).get_object();
  expression::Bindings bindings(&names_object, &values_object);
  return expression::bind_condition("#ttl BETWEEN :oldest AND :now", expression::ConditionKind::kCondition, bindings);
}

}  // namespace

Expiry::Expiry(const store::Store& store, Writer& writer, const core::Clock& clock, std::int64_t period_ms,
               std::function<std::vector<TablePtr>()> tables)
    : store_(store), writer_(writer), clock_(clock), period_ms_(period_ms), tables_(std::move(tables)) {}

Expiry::~Expiry() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Expiry::look() {
  const std::lock_guard<std::mutex> lock(mutex_);
  looked_ = true;
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_all();
}

bool Expiry::is_stopping() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stopping_;
}

bool Expiry::rest(std::chrono::nanoseconds duration) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_for(lock, duration, [this] { return stopping_; });
  return !stopping_;
}

void Expiry::run() {
  bool anything = false;
  for (;;) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      const auto woken = [this] { return stopping_ || looked_; };
      if (anything) {
        changed_.wait_for(lock, std::chrono::milliseconds(period_ms_), woken);
      } else {
        changed_.wait(lock, woken);
      }
      if (stopping_) return;
      looked_ = false;
    }
    try {
      anything = sweep();
    } catch (const std::exception& error) {
      spdlog::error("deleting expired items failed, trying again: {}", error.what());
      anything = true;
    }
  }
}

bool Expiry::sweep() {
  bool anything = false;
  for (const TablePtr& table : tables_()) {
    if (table->ttl_attribute.empty()) continue;
    anything = true;
    sweep_table(*table);
    if (is_stopping()) break;
  }
  return anything;
}

void Expiry::sweep_table(const Table& table) {
  std::string after;
  for (;;) {
    // What the table is now: it may be deleted, or its attribute be another, while the walk goes on.
    const TablePtr newest = table.state->newest(nullptr);
    if (newest == nullptr || newest->status == TableStatus::kDeleting) return;
    if (newest->ttl_attribute != table.ttl_attribute) return;
    const auto began = std::chrono::steady_clock::now();
    if (!sweep_chunk(newest, after)) return;
    if (!rest(kRestForWork * (std::chrono::steady_clock::now() - began))) return;
  }
}

bool Expiry::sweep_chunk(const TablePtr& table, std::string& after) {
  const expression::Condition condition = expired(table->ttl_attribute);
  KeyBounds bounds = space_bounds(table->space);
  if (!after.empty()) bounds.lower = after + '\0';
  std::vector<std::string> keys;
  bool more = false;
  {
    std::size_t items = 0;
    std::size_t bytes = 0;
    const auto cursor = store_.cursor(bounds.lower, bounds.upper);
    for (cursor->seek_to_first(); cursor->valid(); cursor->next()) {
      if (items == kChunkItems || bytes >= kChunkBytes) {
        more = true;
        break;
      }
      after.assign(cursor->key());
      if (condition.matches(json::Item(read_value(cursor->value()).json))) keys.push_back(after);
      ++items;
      bytes += cursor->value().size();
    }
  }
  WriteAction action;
  action.kind = WriteKind::kDelete;
  action.table = table;
  action.condition = &condition;
  for (std::string& key : keys) {
    if (is_stopping()) return false;
    action.key.encoded = std::move(key);
    try {
      writer_.write(action);
    } catch (const core::ApiError& error) {
      if (error.type == "ResourceNotFoundException") return false;
      if (error.type != "ConditionalCheckFailedException") throw;
    }
  }
  return more;
}

expression::Condition Expiry::expired(std::string_view attribute) const {
  const std::int64_t now = clock_.now_ms() / 1000;
  std::string names = "{\"#ttl\":";
  json::append_string(attribute, names);
  names += '}';
  const std::string values = R"({":now":{"N":")" + std::to_string(now) + R"("},":oldest":{"N":")" +
                             std::to_string(now - kOldestExpirySeconds) + R"("}})";
  return condition_from(names, values);
}

}  // namespace stator::engine
