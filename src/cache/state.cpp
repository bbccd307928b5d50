#include "cache/state.h"

#include <algorithm>
#include <vector>

#include "aws/retry.h"
#include "cache/canonical.h"
#include "json/item.h"
#include "json/object_writer.h"

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

BorrowedParser::~BorrowedParser() { idle_parsers().push_back(std::move(parser_)); }

void drop_item(State& state, Table& table, const std::string& canonical_key, const Doubt& doubt) {
  const EntryKey entry = make_entry_key(table.name, kItemEntry, canonical_key);
  state.fences->of_item(entry).note_change(doubt);
  state.fences->of_partition(make_entry_key(table.name, kPartition, canonical_partition(canonical_key)))
      .note_change(doubt);
  table.any_item.note_change(doubt);
  state.store.drop(entry);
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
    return false;  // an upstream that stores what the service refuses
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
