#include "cache/state.h"

#include <algorithm>
#include <vector>

#include "aws/retry.h"
#include "cache/canonical.h"
#include "json/item.h"
#include "json/object_writer.h"
#include "json/parsing_memory.h"

namespace stator::cache {
namespace {

std::vector<std::unique_ptr<json::Parser>>& idle_parsers() {
  thread_local std::vector<std::unique_ptr<json::Parser>> parsers;
  return parsers;
}

}  // namespace

BorrowedParser::BorrowedParser() {
  auto& idle = idle_parsers();
  if (idle.empty()) {
    parser_ = std::make_unique<json::Parser>();
  } else {
    parser_ = std::move(idle.back());
    idle.pop_back();
  }
}

BorrowedParser::~BorrowedParser() {
  if (is_kept_) idle_parsers().push_back(std::move(parser_));
}

json::Value BorrowedParser::parse(std::string_view text, std::size_t padding_bytes) {
  is_kept_ = is_kept_ && text.size() + json::parsing_bytes(text) <= json::kKeptParsingBytes;
  return parser_->parse(text, padding_bytes);
}

void drop_item(State& state, Table& table, const std::string& canonical_key, const Doubt& doubt) {
  const EntryKey entry = make_entry_key(table.name, kItemEntry, canonical_key);
  state.fences->of_item(entry).note_change(doubt);
  state.fences->of_partition(make_entry_key(table.name, kPartition, canonical_partition(canonical_key)))
      .note_change(doubt);
  table.any_item.note_change(doubt);
  state.store.drop(entry);
}

Found find_stale(State& state, const EntryKey& key, std::string_view caller) {
  if (state.options.stale_if_error_ms == 0) return {};
  const Found found = state.store.find(key, caller, state.now_ms() - state.options.stale_if_error_ms);
  return found.freshness == Freshness::kFresh ? found : Found();
}

endpoint::Request with_stale_deadline(const State& state, const endpoint::Request& request) {
  endpoint::Request out = request;
  const std::chrono::milliseconds patience(state.options.stale_patience_ms);
  out.deadline = std::min(request.deadline, std::chrono::steady_clock::now() + patience);
  return out;
}

void count_passed(State& state, std::string_view operation, const json::Value& request) {
  const auto count = [&](std::string_view name, ReadKind kind, std::size_t reads) {
    if (Table* const table = state.tables.find_any(name)) {
      table->count(kind).passed.fetch_add(reads, std::memory_order_relaxed);
    }
  };
  const auto kind = read_kind_from(operation);
  if (!kind) return;
  std::string_view name;
  json::Object tables;
  if (request["TableName"].get(name) == simdjson::SUCCESS) count(name, *kind, 1);
  if (request["RequestItems"].get(tables) != simdjson::SUCCESS) return;
  for (const auto& [table, wanted] : tables) {
    json::Array keys;
    if (wanted["Keys"].get(keys) == simdjson::SUCCESS) count(table, *kind, keys.size());
  }
}

bool is_outage(const core::ApiError& error) { return core::http_status(error) >= 500 || aws::is_worth_retrying(error); }

bool read_item(const json::Object& reply, std::string_view member, Value& item) {
  item = nullptr;
  json::Value value;
  json::Object object;
  if (!json::find_member(reply, member, value)) return true;
  if (value.get(object) != simdjson::SUCCESS) return false;
  try {
    item = std::make_shared<const std::string>(json::normalise_item(object).json);
    return true;
  } catch (const core::ApiError&) {
    return false;  // the upstream stores something that the service would refuse
  } catch (const simdjson::simdjson_error&) {
    return false;
  }
}

void append_no_capacity(std::string_view table, api::CapacityDetail detail, std::string& out) {
  json::ObjectWriter writer(out);
  writer.text("TableName", table);
  writer.real("CapacityUnits", 0);
  if (detail == api::CapacityDetail::kIndexes) writer.key("Table") += R"({"CapacityUnits":0.0})";
  writer.end();
}

}  // namespace stator::cache
