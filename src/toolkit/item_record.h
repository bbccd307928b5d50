#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "json/reader.h"
#include "toolkit/table_info.h"

/// Records in DynamoDB JSON, as files contain them.
namespace stator::toolkit {

/// Thrown for a record that is not an item of the table.
struct BadItem : std::runtime_error {
  BadItem(std::uint64_t at_line, const std::string& what, bool is_end = false)
      : std::runtime_error(what), line(at_line), ends_reading(is_end) {}
  std::uint64_t line;
  /// The text after the record cannot be read.
  bool ends_reading;
};

/// Throws BadItem if a key attribute is missing or has the wrong type. `item`: wire JSON.
void check_keys(const TableInfo& table, const std::string& item, std::uint64_t line);

/// The change of one item that a record describes: a put or a deletion.
struct ItemChange {
  /// Wire JSON in normal form: the item to put, or the key of the item to delete.
  std::string json;
  bool is_deletion = false;
};

/// The attributes found in a record.
struct Unwrapped {
  json::Object attributes;
  /// The attributes are the key of a deleted item.
  bool is_deletion = false;
  /// The attributes are inside an outer object.
  bool is_wrapped = false;
};

/// Finds the item in a record: in {"Item": …} of AWS's exports; in the changes of incremental exports, {"Keys": …,
/// "NewImage": …}, where a deletion has no new image; in {"PutRequest": …} and {"DeleteRequest": …} of BatchWriteItem.
/// An object with the partition key is the item itself, even if it has attributes with these names.
/// Source: Developer Guide, "DynamoDB table export output format".
Unwrapped unwrap(const json::Object& record, std::string_view partition_key);

/// Whether the text is an item of the table in wire JSON, or a record that contains one. Plain JSON is never mistaken
/// for it, as a key attribute cannot be a map.
bool is_item_record(const TableInfo& table, std::string_view text);

/// Reads the change in such a record. Throws BadItem, and core::ApiError for values that DynamoDB cannot store and for
/// text that is not JSON.
ItemChange change_of_record(const TableInfo& table, std::string_view text, std::uint64_t line);

}  // namespace stator::toolkit
