#include "toolkit/same_table.h"

#include <algorithm>
#include <map>
#include <optional>

#include "json/reader.h"
#include "toolkit/expression_words.h"

namespace stator::toolkit {
namespace {

ItemHash hash_of(std::string_view item_json) {
  json::Parser parser;
  return hash_of_item(parser.parse(item_json).get_object().value());
}

/// Reads the item with that key, as wire JSON; nullopt if there is none.
std::optional<std::string> find_item(endpoint::Endpoint& endpoint, const TableInfo& table, const std::string& key,
                                     const Sleep& sleep) {
  const std::string request =
      RequestBuilder().text("TableName", table.name).json("Key", key).json("ConsistentRead", "true").str();
  const std::string reply = call_patiently(endpoint, "GetItem", request, sleep);
  json::Parser parser;
  json::Object item;
  if (parser.parse(reply)["Item"].get(item) != simdjson::SUCCESS) return std::nullopt;
  return std::string(simdjson::minify(item));
}

/// Returns what `look` returns, or true if the caller is not allowed to read single items (it may still write or scan):
/// nothing is known then.
template <class Look>
bool unless_forbidden(Look look) {
  try {
    return look();
  } catch (const OperationError& error) {
    if (error.type != core::ErrorCode::kAccessDenied) throw;
    return true;
  }
}

}  // namespace

bool has_items_read_last(endpoint::Endpoint& endpoint, const TableInfo& table, const TransferState& state,
                         const Sleep& sleep) {
  return unless_forbidden([&] {
    bool none = true;
    for (const SegmentState& segment : state.segments) {
      if (segment.start_key.empty()) continue;
      if (find_item(endpoint, table, segment.start_key, sleep)) return true;
      none = false;
    }
    return none;
  });
}

bool has_items_written_last(endpoint::Endpoint& endpoint, const TableInfo& table, const TransferState& state,
                            const Sleep& sleep) {
  return unless_forbidden([&] {
    for (const SegmentState& segment : state.segments) {
      if (segment.last_written.key.empty()) continue;
      const auto item = find_item(endpoint, table, segment.last_written.key, sleep);
      if (!item || hash_of(*item) != segment.last_written.hash) return false;
    }
    return true;
  });
}

bool has_any_written(endpoint::Endpoint& endpoint, const TableInfo& table, const std::vector<WrittenItem>& items,
                     const Sleep& sleep) {
  std::map<std::string, std::vector<ItemHash>> by_key;
  for (const WrittenItem& item : items) by_key[item.key].push_back(item.hash);
  const auto was_put = [](const auto& noted) {
    return std::ranges::any_of(noted.second, [](const ItemHash& hash) { return hash != ItemHash(); });
  };
  // An earlier state may also lack an item that was deleted, so that proves little: prefer those that were put.
  if (std::ranges::any_of(by_key, was_put)) std::erase_if(by_key, [&](const auto& noted) { return !was_put(noted); });
  return unless_forbidden([&] {
    return by_key.empty() || std::ranges::any_of(by_key, [&](const auto& noted) {
             const auto item = find_item(endpoint, table, noted.first, sleep);
             return std::ranges::count(noted.second, item ? hash_of(*item) : ItemHash()) > 0;
           });
  });
}

WrittenItem written_item(const TableInfo& table, std::string_view item_json) {
  return {key_of_item(table, item_json), hash_of(item_json)};
}

}  // namespace stator::toolkit
