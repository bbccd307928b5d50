#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "json/reader.h"
#include "toolkit/table_info.h"

/// Items of files in DynamoDB's JSON.
namespace stator::toolkit {

/// A line that is not an item of the table.
struct BadItem : std::runtime_error {
  BadItem(std::uint64_t at_line, const std::string& what, bool is_end = false)
      : std::runtime_error(what), line(at_line), ends_reading(is_end) {}
  std::uint64_t line;
  /// What is behind it cannot be read.
  bool ends_reading;
};

/// Throws BadItem where a key attribute is missing or of another type. `item`: wire JSON.
void check_keys(const TableInfo& table, const std::string& item, std::uint64_t line);

/// The item in a record as AWS's exports have it, {"Item": …}, or in a request, {"PutRequest": {"Item": …}}; else the
/// object itself. An item whose partition key has such a name is not wrapped.
json::Object unwrapped(json::Object object, std::string_view partition_key);

/// Whether the text is an item of the table in wire JSON, or a record that has one. No key is a map, so none can be
/// taken for plain JSON.
bool is_item_record(const TableInfo& table, std::string_view text);

/// The item of such a record, as wire JSON in normal form. Throws BadItem, and core::ApiError for values that DynamoDB
/// cannot hold and for what is no JSON.
std::string item_of_record(const TableInfo& table, std::string_view text, std::uint64_t line);

}  // namespace stator::toolkit
