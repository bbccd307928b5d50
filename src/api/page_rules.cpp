#include "api/page_rules.h"

#include <algorithm>

#include "api/item_rules.h"
#include "api/keys.h"
#include "core/api_error.h"
#include "core/base64.h"

namespace stator::api {

using core::throw_invalid_parameters;
using core::throw_validation;

namespace {

constexpr const char* kInvalidStart = "The provided starting key is invalid";

/// Vector indexes can be searched, but not queried or scanned. Source: others' measurements of the service, August
/// 2026.
void refuse_vector_index(const PageRead& request, bool is_query) {
  if (!is_query) throw_validation("Scan operation not supported on this index type");
  if (request.consistent_read) {
    throw_validation("Consistent reads are not supported on global secondary indexes");
  }
  throw_validation("Query operation not supported on this index type.");
}

const engine::Index* find_index(const PageRead& request, const engine::Table& table, bool is_query) {
  const auto& name = request.index_name;
  if (!name) return nullptr;
  const engine::Index* index = table.index(*name);
  if (index == nullptr) throw_validation("The table does not have the specified index: " + std::string(*name));
  if (index->vector) refuse_vector_index(request, is_query);
  if (index->status == engine::TableStatus::kCreating) {
    throw_validation("Cannot read from backfilling global secondary index: " + std::string(*name));
  }
  if (index->global && request.consistent_read) {
    throw_validation("Consistent reads are not supported on global secondary indexes");
  }
  if (index->backfilling || index->status == engine::TableStatus::kDeleting) {
    throw_validation("Cannot read from backfilling global secondary index: " + index->name);
  }
  return index;
}

bool same_attributes(const KeyAttributes& start, const engine::Table& table, const engine::Index* index) {
  std::size_t wanted = table.key_schema.hash.size() + table.key_schema.range.size();
  if (index != nullptr) {
    for (const auto* part : {&index->key_schema.hash, &index->key_schema.range}) {
      for (const auto& attribute : *part) wanted += table.key_schema.find(attribute.name) == nullptr ? 1 : 0;
    }
  }
  return start.size() == wanted;
}

/// The attribute's value in the starting key; throws if it is missing or has the wrong type.
const core::AttributeValue& start_value(const KeyAttributes& start, const core::KeyAttribute& attribute, bool hash) {
  const auto* value = find_attribute(start, attribute.name);
  if (value == nullptr) throw_validation(kInvalidStart);
  check_key_value(attribute, *value, hash);
  return *value;
}

/// The index's key values in schema order.
std::vector<core::AttributeValue> index_start_values(const KeyAttributes& start, const engine::Index* index) {
  std::vector<core::AttributeValue> values;
  if (index == nullptr) return values;
  for (const auto& attribute : index->key_schema.hash) values.push_back(start_value(start, attribute, true));
  for (const auto& attribute : index->key_schema.range) values.push_back(start_value(start, attribute, false));
  return values;
}

/// `is_short`: the message for a key that does not match the schema gives no reason.
engine::Key table_start_key(const KeyAttributes& start, const engine::Table& table, bool is_short) {
  KeyAttributes table_part;
  for (const auto& attribute : start) {
    if (table.key_schema.find(attribute.name) != nullptr) table_part.push_back(attribute);
  }
  try {
    return key_from_attributes(table, table_part);
  } catch (const core::ApiError& error) {
    if (is_short) throw_validation(kInvalidStart);
    throw_validation(std::string(kInvalidStart) + ": " + error.message);
  }
}

/// Throws if the filter of a query names key attributes of the table or index that it reads.
void check_filter_attributes(const Query& query, const core::KeySchema& schema) {
  if (!query.filter || query.filter_parameter == nullptr) return;
  std::vector<std::string> names;
  query.filter->append_attributes(names);
  const auto check = [&](const core::KeyAttribute& attribute) {
    if (std::ranges::find(names, attribute.name) == names.end()) return;
    throw_validation(std::string(query.filter_parameter) +
                     " can only contain non-primary key attributes: Primary key attribute: " + attribute.name);
  };
  std::ranges::for_each(schema.hash, check);
  std::ranges::for_each(schema.range, check);
}

/// Throws if the filter names attributes that the index, local or global, does not project. Only for queries: for a
/// scan they count as missing unless items are fetched from the table.
void check_filter_projected(const expression::Condition& filter, const engine::Table& table,
                            const engine::Index* index) {
  if (index == nullptr || index->projection == engine::ProjectionType::kAll) return;
  std::vector<std::string> names;
  filter.append_attributes(names);
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string missing;
  for (const std::string& name : names) {
    if (index->projects(name, table.key_schema)) continue;
    if (!missing.empty()) missing += ", ";
    missing += name;
  }
  if (missing.empty()) return;
  throw_invalid_parameters("Secondary index " + index->name + " does not project one or more filter attributes: [" +
                           missing + "]");
}

/// Throws for ALL_ATTRIBUTES of a global index without projection ALL, which lacks attributes and cannot fetch them.
void check_all_attributes(const Selection& selection, const engine::Index* index) {
  if (!selection.all_attributes || index == nullptr || !index->global) return;
  if (index->projection == engine::ProjectionType::kAll) return;
  throw_invalid_parameters(
      "Select type ALL_ATTRIBUTES is not supported for global secondary "
      "index " +
      index->name + " because its projection type is not ALL");
}

/// Whether items must be fetched from the table. A local index can do that; throws for a global one.
bool needs_table(const Selection& selection, const engine::Table& table, const engine::Index* index) {
  if (index == nullptr || index->projection == engine::ProjectionType::kAll) return false;
  if (selection.all_attributes) return true;
  if (!selection.projection) return false;
  std::string missing;
  for (const auto& path : selection.projection->paths()) {
    if (index->projects(path.attribute, table.key_schema)) continue;
    if (!missing.empty()) missing += ", ";
    missing += path.attribute;
  }
  if (missing.empty()) return false;
  if (index->global) {
    throw_invalid_parameters("Global secondary index " + index->name + " does not project [" + missing + "]");
  }
  return true;
}

const core::AttributeValue* find_hash_mismatch(const KeyAttributes& start, const core::KeySchema& schema,
                                               const expression::KeyRange& range) {
  for (std::size_t i = 0; i < schema.hash.size(); ++i) {
    const auto* value = find_attribute(start, schema.hash[i].name);
    if (value != nullptr && !(*value == range.hash[i])) return value;
  }
  return nullptr;
}

/// A key as the service prints it: "{pk=AttributeValue: {S:a}}".
std::string printed_key(const KeyAttributes& key) {
  std::string text = "{";
  for (const auto& attribute : key) {
    if (text.size() > 1) text += ", ";
    const auto& value = attribute.value;
    std::string content;
    if (const auto* string = value.get_if<std::string>()) {
      content = *string;
    } else if (const auto* number = value.get_if<core::Number>()) {
      content = number->to_string();
    } else if (const auto* binary = value.get_if<core::AttributeValue::Binary>()) {
      content = core::base64_encode(binary->bytes);
    }
    ((((((text += attribute.name) += "=AttributeValue: {") += core::type_name(value.type())) += ':') += content)) +=
        '}';
  }
  return text += '}';
}

/// Whether the range part of the starting key satisfies the query's key conditions.
bool in_key_range(const KeyAttributes& start, const core::KeySchema& schema, const expression::KeyRange& range) {
  for (std::size_t i = 0; i < range.range_equal.size(); ++i) {
    const auto* value = find_attribute(start, schema.range[i].name);
    if (value == nullptr || !(*value == range.range_equal[i])) return false;
  }
  if (!range.range) return true;
  const auto* value = find_attribute(start, range.range->attribute);
  return value != nullptr && expression::holds(*range.range, *value);
}

/// Throws if a query's starting key is outside of what the query reads. With conditions on the sort key, checks that
/// part before the partition.
void check_query_start(const KeyAttributes& start, const core::KeySchema& schema, const expression::KeyRange& range) {
  const bool narrowed = range.range.has_value() || !range.range_equal.empty();
  const bool other_partition = find_hash_mismatch(start, schema, range) != nullptr;
  if (!narrowed && other_partition) {
    throw_validation("The provided starting key is outside query boundaries based on provided conditions");
  }
  if (!in_key_range(start, schema, range)) {
    throw_validation("The provided starting key does not match the range key predicate");
  }
  if (other_partition) throw_validation("The query can return at most one row and cannot be restarted");
}

engine::PageRequest begin_page(const engine::TablePtr& table, const PageRead& request, bool is_query) {
  engine::PageRequest page;
  page.table = table;
  page.index = find_index(request, *table, is_query);
  page.limit = request.limit;
  page.filter = request.filter ? &*request.filter : nullptr;
  page.consistent_read = request.consistent_read;
  return page;
}

}  // namespace

bool reads_one_item(const engine::PageRequest& page) {
  return page.range && page.index == nullptr && page.table->key_schema.range.empty();
}

engine::PageRequest resolve(const engine::TablePtr& table, const Query& request) {
  engine::PageRequest page = begin_page(table, request, true);
  const core::KeySchema& schema = page.index != nullptr ? page.index->key_schema : table->key_schema;
  page.forward = request.forward;
  const auto& start = request.start;
  if (start && !same_attributes(*start, *table, page.index)) throw_validation(kInvalidStart);
  page.range = expression::resolve_key_condition(request.key_condition, schema, [&](const auto& attribute, bool hash) {
    if (start) start_value(*start, attribute, hash);
  });
  if (start) {
    page.start = engine::Engine::make_start(*table, page.index, index_start_values(*start, page.index),
                                            table_start_key(*start, *table, false));
    if (reads_one_item(page)) {
      throw_validation("The provided exclusive start key is invalid: ExclusiveStartKey: " + printed_key(*start));
    }
    check_query_start(*start, schema, *page.range);
  }
  if (request.selection.projection) check_key_paths(*table, request.selection.projection->paths());
  check_filter_attributes(request, schema);
  check_all_attributes(request.selection, page.index);
  check_key_paths(*table, request.filter);
  if (request.filter && !request.filters_unprojected) check_filter_projected(*request.filter, *table, page.index);
  page.fetch_from_table = needs_table(request.selection, *table, page.index);
  return page;
}

engine::PageRequest resolve(const engine::TablePtr& table, const Scan& request) {
  engine::PageRequest page = begin_page(table, request, false);
  page.segment = request.segment;
  page.total_segments = request.total_segments;
  const auto& start = request.start;
  if (start && !same_attributes(*start, *table, page.index)) {
    const bool is_short = page.index != nullptr || request.newer_texts;
    throw_validation(kInvalidStart +
                     std::string(is_short ? "" : ": The provided key element does not match the schema"));
  }
  const auto start_values = start ? index_start_values(*start, page.index) : std::vector<core::AttributeValue>{};
  check_all_attributes(request.selection, page.index);
  if (start) {
    page.start = engine::Engine::make_start(*table, page.index, start_values,
                                            table_start_key(*start, *table, request.newer_texts));
    if (!engine::Engine::start_in_range(page)) {
      throw_validation(
          "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with "
          "correct Segment. TotalSegments: " +
          std::to_string(page.total_segments) + " Segment: " + std::to_string(page.segment));
    }
  }
  if (request.selection.projection) check_key_paths(*table, request.selection.projection->paths());
  check_key_paths(*table, request.filter);
  page.fetch_from_table = needs_table(request.selection, *table, page.index);
  return page;
}

}  // namespace stator::api
