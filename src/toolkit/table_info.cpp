#include "toolkit/table_info.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "core/api_error.h"
#include "core/base64.h"
#include "core/number.h"
#include "core/utf8.h"
#include "json/reader.h"
#include "json/writer.h"
#include "model/text.h"
#include "toolkit/call.h"
#include "toolkit/tables.h"

namespace stator::toolkit {
std::string text_of(const json::Value& object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::uint64_t number_of(const json::Value& object, std::string_view name) {
  std::uint64_t number = 0;
  return object[name].get(number) == simdjson::SUCCESS ? number : 0;
}

json::Value member_of(const json::Value& object, std::string_view name) {
  json::Value value;
  if (object[name].get(value) != simdjson::SUCCESS) throw std::runtime_error("the reply has no " + std::string(name));
  return value;
}

std::string seconds_text(double seconds) {
  char text[64];
  const auto [end, error] = std::to_chars(text, text + sizeof text, seconds, std::chars_format::fixed, 3);
  return {text, error == std::errc() ? end : text};
}

namespace {

std::string type_of(const json::Value& table, const std::string& attribute) {
  json::Array definitions;
  if (table["AttributeDefinitions"].get(definitions) != simdjson::SUCCESS) return {};
  for (const json::Value definition : definitions) {
    if (text_of(definition, "AttributeName") == attribute) return text_of(definition, "AttributeType");
  }
  return {};
}

void read_keys(const json::Value& table, const json::Value& owner, std::vector<KeyColumn>& partition,
               std::vector<KeyColumn>& sort) {
  json::Array schema;
  if (owner["KeySchema"].get(schema) != simdjson::SUCCESS) return;
  for (const json::Value element : schema) {
    KeyColumn column{text_of(element, "AttributeName"), {}};
    column.type = type_of(table, column.name);
    (text_of(element, "KeyType") == "RANGE" ? sort : partition).push_back(std::move(column));
  }
}

void read_projection(const json::Value& index, std::string& type, std::vector<std::string>& included) {
  json::Value projection;
  if (index["Projection"].get(projection) != simdjson::SUCCESS) return;
  type = text_of(projection, "ProjectionType");
  json::Array names;
  if (projection["NonKeyAttributes"].get(names) != simdjson::SUCCESS) return;
  for (const json::Value name : names) {
    std::string_view text;
    if (name.get(text) != simdjson::SUCCESS) throw std::runtime_error("a name in NonKeyAttributes is not a string");
    included.emplace_back(text);
  }
}

void read_indexes(const json::Value& table, std::string_view member, std::vector<IndexInfo>& out) {
  json::Array indexes;
  if (table[member].get(indexes) != simdjson::SUCCESS) return;
  for (const json::Value element : indexes) {
    IndexInfo index;
    index.name = text_of(element, "IndexName");
    index.global = member == "GlobalSecondaryIndexes";
    index.status = text_of(element, "IndexStatus");
    read_keys(table, element, index.partition_keys, index.sort_keys);
    read_projection(element, index.projection, index.included);
    out.push_back(std::move(index));
  }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return std::pair(!a.global, a.name) < std::pair(!b.global, b.name); });
}

void read_vector_indexes(const json::Value& table, std::vector<VectorIndexInfo>& out) {
  json::Array indexes;
  if (table["VectorIndexes"].get(indexes) != simdjson::SUCCESS) return;
  for (const json::Value element : indexes) {
    VectorIndexInfo index;
    index.name = text_of(element, "IndexName");
    index.status = text_of(element, "IndexStatus");
    json::Value attribute;
    if (element["VectorAttribute"].get(attribute) == simdjson::SUCCESS) {
      index.attribute = text_of(attribute, "AttributeName");
    }
    index.dimensions = number_of(element, "Dimensions");
    index.distance = text_of(element, "DistanceFunction");
    json::Array schema;
    if (element["SearchSchema"].get(schema) == simdjson::SUCCESS) {
      for (const json::Value each : schema) {
        KeyColumn column{text_of(each, "AttributeName"), {}};
        column.type = type_of(table, column.name);
        const bool is_partition = text_of(each, "SearchSchemaElementType") == "HASH";
        (is_partition ? index.partition_keys : index.filters).push_back(std::move(column));
      }
    }
    read_projection(element, index.projection, index.included);
    out.push_back(std::move(index));
  }
  std::ranges::sort(out, {}, &VectorIndexInfo::name);
}

/// "; did you mean shop?", or the list of tables; empty if that is not available.
std::string other_tables(endpoint::Endpoint& endpoint, const std::string& table) {
  std::vector<std::string> names;
  try {
    names = list_tables(endpoint);
  } catch (const std::exception&) {
    return {};  // report the missing table, not this error
  }
  if (names.empty()) return " (there are no tables: " + endpoint.describe() + ")";
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view nearest = model::nearest(table, views);
  if (!nearest.empty()) return "; did you mean " + std::string(nearest) + "?";
  constexpr std::size_t kShown = 5;
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) list += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kShown) list += ", …";
  return "; there are: " + list;
}

}  // namespace

std::vector<std::string> TableInfo::key_names() const {
  std::vector<std::string> names{partition_key.name};
  if (has_sort_key()) names.push_back(sort_key.name);
  return names;
}

const IndexInfo* TableInfo::find_index(std::string_view index) const {
  const auto found = std::find_if(indexes.begin(), indexes.end(), [&](const auto& each) { return each.name == index; });
  return found == indexes.end() ? nullptr : &*found;
}

const VectorIndexInfo* TableInfo::find_vector_index(std::string_view index) const {
  const auto found = std::ranges::find(vector_indexes, index, &VectorIndexInfo::name);
  return found == vector_indexes.end() ? nullptr : &*found;
}

TableInfo read_table_info(std::string_view description_json) {
  json::Parser parser;
  const json::Value table = parser.parse(description_json);
  TableInfo info;
  info.description_json = description_json;
  info.name = text_of(table, "TableName");
  info.status = text_of(table, "TableStatus");
  info.identity = text_of(table, "TableId");
  json::Value created;
  if (info.identity.empty() && table["CreationDateTime"].get(created) == simdjson::SUCCESS)
    info.identity = simdjson::minify(created);
  info.item_count = number_of(table, "ItemCount");
  info.size_bytes = number_of(table, "TableSizeBytes");
  std::vector<KeyColumn> partition;
  std::vector<KeyColumn> sort;
  read_keys(table, table, partition, sort);
  if (partition.empty()) throw std::runtime_error("the table's description has no partition key");
  info.partition_key = partition.front();
  if (!sort.empty()) info.sort_key = sort.front();
  read_indexes(table, "GlobalSecondaryIndexes", info.indexes);
  read_indexes(table, "LocalSecondaryIndexes", info.indexes);
  read_vector_indexes(table, info.vector_indexes);
  return info;
}

TableInfo describe_table(endpoint::Endpoint& endpoint, const std::string& table) {
  try {
    const std::string reply = call(endpoint, "DescribeTable", RequestBuilder().text("TableName", table).str());
    json::Parser parser;
    json::Value description;
    if (parser.parse(reply)["Table"].get(description) != simdjson::SUCCESS)
      throw std::runtime_error("the reply has no Table");
    return read_table_info(simdjson::minify(description));
  } catch (OperationError& error) {
    if (error.type == core::ErrorCode::kResourceNotFound) error.message += other_tables(endpoint, table);
    throw;
  }
}

std::string key_value(const KeyColumn& column, std::string_view word, const std::string& kind) {
  std::string out = "{\"" + column.type + "\":";
  const std::string quoted = "\"" + std::string(core::utf8_prefix(core::to_utf8(word), 60)) + "\"";
  if (column.type == "N") {
    try {
      out += '"' + core::Number::parse(word).to_string() + '"';
    } catch (const core::ApiError&) {
      throw std::runtime_error(kind + " " + column.name + " is a number, not " + quoted);
    }
  } else if (column.type == "B" && !core::base64_decoded_size(word)) {
    throw std::runtime_error(kind + " " + column.name + " is binary and given in base64, not " + quoted);
  } else {
    if (!core::is_utf8(word)) throw std::runtime_error(kind + " " + column.name + " is not UTF-8");
    json::append_string(word, out);
  }
  return out + "}";
}

}  // namespace stator::toolkit
