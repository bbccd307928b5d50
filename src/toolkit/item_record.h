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

/// What a file says of one item.
struct ItemChange {
  /// Wire JSON in normal form: the item to put, or the key of the one to delete.
  std::string json;
  bool is_deletion = false;
};

/// What a record holds: an object of attributes.
struct Unwrapped {
  json::Object attributes;
  /// They are the key of an item that is deleted.
  bool is_deletion = false;
  /// The record is more than these attributes.
  bool is_wrapped = false;
};

/// Finds the item in a record: in {"Item": …} of AWS's exports; in the changes of its incremental ones, {"Keys": …,
/// "NewImage": …}, of which a deletion has no new image; in {"PutRequest": …} and {"DeleteRequest": …} of
/// BatchWriteItem. An item is not wrapped, whatever the names of its attributes.
/// Source: Developer Guide, "DynamoDB table export output format".
Unwrapped unwrap(const json::Object& record, std::string_view partition_key);

/// Whether the text is an item of the table in wire JSON, or a record that has one. No key is a map, so none can be
/// taken for plain JSON.
bool is_item_record(const TableInfo& table, std::string_view text);

/// What such a record says. Throws BadItem, and core::ApiError for values that DynamoDB cannot hold and for what is no
/// JSON.
ItemChange change_of_record(const TableInfo& table, std::string_view text, std::uint64_t line);

}  // namespace stator::toolkit
