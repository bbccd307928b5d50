#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "endpoint/endpoint.h"
#include "json/reader.h"

/// The properties of a table that commands need to parse keys and to print items.
namespace stator::toolkit {

struct KeyColumn {
  std::string name;
  /// "S", "N" or "B".
  std::string type;
};

struct IndexInfo {
  std::string name;
  bool global = false;
  /// Partition key attributes, then sort key attributes.
  std::vector<KeyColumn> partition_keys;
  std::vector<KeyColumn> sort_keys;
  /// "ALL", "KEYS_ONLY", "INCLUDE"; and the attributes of INCLUDE.
  std::string projection;
  std::vector<std::string> included;
  /// "ACTIVE", …; empty for local indexes.
  std::string status;
};

struct VectorIndexInfo {
  std::string name;
  std::string attribute;
  std::uint64_t dimensions = 0;
  std::string distance;  // "COSINE", "DOT_PRODUCT", "EUCLIDEAN"
  /// The search schema: the HASH element, if any, and the INLINE_FILTER elements, in order.
  std::vector<KeyColumn> partition_keys;
  std::vector<KeyColumn> filters;
  std::string projection;
  std::vector<std::string> included;
  std::string status;  // "ACTIVE", …
};

struct TableInfo {
  std::string name;
  std::string status;
  /// Distinguishes the table from others that have had its name: its id, or its creation time if the endpoint has no
  /// ids; empty if it returns neither.
  std::string identity;
  KeyColumn partition_key;
  /// Without a name if the table has none.
  KeyColumn sort_key;
  std::vector<IndexInfo> indexes;               // global, then local, by name
  std::vector<VectorIndexInfo> vector_indexes;  // by name
  std::uint64_t item_count = 0;
  std::uint64_t size_bytes = 0;
  /// DescribeTable's `Table` member, JSON.
  std::string description_json;

  [[nodiscard]] bool has_sort_key() const { return !sort_key.name.empty(); }
  /// The names of the key attributes, partition key first.
  [[nodiscard]] std::vector<std::string> key_names() const;
  /// Null if there is no such index.
  [[nodiscard]] const IndexInfo* find_index(std::string_view index) const;
  [[nodiscard]] const VectorIndexInfo* find_vector_index(std::string_view index) const;
};

/// Calls DescribeTable. Throws OperationError; for a missing table its message ends with the nearest existing name.
TableInfo describe_table(endpoint::Endpoint& endpoint, const std::string& table);

/// Reads DescribeTable's `Table` member. Throws std::runtime_error for anything else.
TableInfo read_table_info(std::string_view description_json);

/// Converts a word to a value (wire JSON) of the attribute's type: text, a number, base64. Throws a std::runtime_error
/// that names the attribute, as "key NAME" or with another `kind` than "key".
std::string key_value(const KeyColumn& column, std::string_view word, const std::string& kind = "key");

/// A member of a description; empty or 0 if it is missing or of another type.
std::string text_of(const json::Value& object, std::string_view name);
std::uint64_t number_of(const json::Value& object, std::string_view name);
/// A member that a reply must have. Throws std::runtime_error if it is missing.
json::Value member_of(const json::Value& object, std::string_view name);
/// Seconds since 1970 with three decimals, as times are written in requests.
std::string seconds_text(double seconds);

}  // namespace stator::toolkit
