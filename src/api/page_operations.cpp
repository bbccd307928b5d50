#include <algorithm>
#include <array>

#include "api/call.h"
#include "api/capacity.h"
#include "api/keys.h"
#include "api/operations.h"
#include "api/reply.h"
#include "core/api_error.h"
#include "core/base64.h"
#include "expression/legacy.h"
#include "expression/parameters.h"
#include "json/item.h"

/// Query and Scan.
namespace stator::api {

using core::throw_validation;

namespace {

constexpr std::array<std::string_view, 3> kQueryNames = {"ProjectionExpression", "FilterExpression",
                                                         "KeyConditionExpression"};
constexpr std::array<std::string_view, 4> kQueryLegacyNames = {"AttributesToGet", "QueryFilter", "ConditionalOperator",
                                                               "KeyConditions"};
constexpr std::array<std::string_view, 2> kScanNames = {"ProjectionExpression", "FilterExpression"};
constexpr std::array<std::string_view, 3> kScanLegacyNames = {"AttributesToGet", "ScanFilter", "ConditionalOperator"};

constexpr const char* kInvalidStart = "The provided starting key is invalid";

/// What of an item a page returns.
struct Selection {
  bool count_only = false;
  bool all_attributes = false;
  std::optional<expression::Projection> projection;
};

/// The rules between Select and the projection. Query puts its messages behind the constraint walk's prefix, Scan does
/// not.
Selection read_selection(const Members& request, bool is_query, std::optional<expression::Projection> projection) {
  const std::string prefix = is_query ? "1 validation error detected: " : "";
  const auto select = request.text("Select");
  const std::string what = request.has("ProjectionExpression") ? "ProjectionExpression" : "AttributesToGet";
  Selection selection;
  if (select == "SPECIFIC_ATTRIBUTES" && !projection) {
    throw_validation(
        prefix + "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES");
  }
  if (select && *select != "SPECIFIC_ATTRIBUTES" && projection) {
    throw_validation(prefix + "Cannot specify the " + what + " when choosing to get " +
                     (*select == "COUNT" ? std::string("only the Count") : std::string(*select)));
  }
  if (select == "ALL_PROJECTED_ATTRIBUTES" && !request.has("IndexName")) {
    throw_validation(prefix + "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  }
  selection.count_only = select == "COUNT";
  selection.all_attributes = select == "ALL_ATTRIBUTES";
  selection.projection = std::move(projection);
  return selection;
}

std::optional<expression::Condition> read_filter_expression(const Members& request, expression::Bindings& bindings) {
  const auto text = request.text("FilterExpression");
  if (!text) return std::nullopt;
  return expression::bind_condition(*text, expression::ConditionKind::kFilter, bindings);
}

/// QueryFilter or ScanFilter with ConditionalOperator.
std::optional<expression::Condition> read_legacy_filter(const Members& request, std::string_view legacy_name) {
  const auto filter = request.object(legacy_name);
  const auto logic = request.text("ConditionalOperator").value_or(std::string_view{});
  if (!filter || filter->size() == 0) {
    expression::check_conditional_operator(logic, 0);
    return std::nullopt;
  }
  return expression::condition_from_filter(*filter, logic);
}

const engine::Index* find_index(const Members& request, const engine::Table& table) {
  const auto name = request.text("IndexName");
  if (!name) return nullptr;
  const engine::Index* index = table.index(*name);
  if (index == nullptr) throw_validation("The table does not have the specified index: " + std::string(*name));
  if (index->status == engine::TableStatus::kCreating) {
    throw_validation("Cannot read from backfilling global secondary index: " + std::string(*name));
  }
  if (index->global && request.flag("ConsistentRead")) {
    throw_validation("Consistent reads are not supported on global secondary indexes");
  }
  if (index->backfilling || index->status == engine::TableStatus::kDeleting) {
    throw_validation("Cannot read from backfilling global secondary index: " + index->name);
  }
  return index;
}

/// The attributes of ExclusiveStartKey, their values checked.
std::optional<WireKey> read_start_key(const Members& request) {
  const auto object = request.object("ExclusiveStartKey");
  if (!object) return std::nullopt;
  try {
    return read_wire_key(*object);
  } catch (const core::ApiError& error) {
    // Faults of numbers and duplicates come bare, the others with the parameter named.
    for (const char* bare :
         {"contains duplicates", "number set", "numeric value", "significant digits", "number with magnitude"}) {
      if (error.message.find(bare) != std::string::npos) throw;
    }
    throw_validation(std::string(kInvalidStart) + ": " + error.message);
  }
}

bool same_attributes(const WireKey& start, const engine::Table& table, const engine::Index* index) {
  std::size_t wanted = table.key_schema.hash.size() + table.key_schema.range.size();
  if (index != nullptr) {
    for (const auto* part : {&index->key_schema.hash, &index->key_schema.range}) {
      for (const auto& attribute : *part) wanted += table.key_schema.find(attribute.name) == nullptr ? 1 : 0;
    }
  }
  return start.size() == wanted;
}

/// The attribute must be in the starting key, with a value of its type.
const core::AttributeValue& start_value(const WireKey& start, const core::KeyAttribute& attribute, bool hash) {
  const auto* value = find_attribute(start, attribute.name);
  if (value == nullptr) throw_validation(kInvalidStart);
  check_key_value(attribute, *value, hash);
  return *value;
}

/// The index's key values in schema order.
std::vector<core::AttributeValue> index_start_values(const WireKey& start, const engine::Index* index) {
  std::vector<core::AttributeValue> values;
  if (index == nullptr) return values;
  for (const auto& attribute : index->key_schema.hash) values.push_back(start_value(start, attribute, true));
  for (const auto& attribute : index->key_schema.range) values.push_back(start_value(start, attribute, false));
  return values;
}

engine::Key table_start_key(const WireKey& start, const engine::Table& table) {
  WireKey table_part;
  for (const auto& attribute : start) {
    if (table.key_schema.find(attribute.name) != nullptr) table_part.push_back(attribute);
  }
  try {
    return key_from_wire(table, table_part);
  } catch (const core::ApiError& error) {
    throw_validation(std::string(kInvalidStart) + ": " + error.message);
  }
}

/// A filter may not name the key attributes of what a query reads.
void check_filter_attributes(const Members& request, const expression::Condition& filter,
                             const core::KeySchema& schema) {
  std::vector<std::string> names;
  filter.append_attributes(names);
  const char* what = request.has("QueryFilter") ? "QueryFilter" : "Filter Expression";
  const auto check = [&](const core::KeyAttribute& attribute) {
    if (std::ranges::find(names, attribute.name) == names.end()) return;
    throw_validation(std::string(what) +
                     " can only contain non-primary key attributes: Primary key attribute: " + attribute.name);
  };
  std::ranges::for_each(schema.hash, check);
  std::ranges::for_each(schema.range, check);
}

/// A query of an index, local or global, cannot filter by what the index does not project. A scan can: there the
/// attribute counts as missing.
void check_filter_projected(const expression::Condition& filter, const engine::Table& table,
                            const engine::Index* index) {
  if (index == nullptr || index->projection == engine::ProjectionType::kAll) return;
  std::vector<std::string> names;
  filter.append_attributes(names);
  std::ranges::sort(names);
  std::string missing;
  for (const std::string& name : std::ranges::subrange(names.begin(), std::ranges::unique(names).begin())) {
    if (index->projects(name, table.key_schema)) continue;
    if (!missing.empty()) missing += ", ";
    missing += name;
  }
  if (missing.empty()) return;
  throw_validation("One or more parameter values were invalid: Secondary index " + index->name +
                   " does not project one or more filter attributes: [" + missing + "]");
}

/// A global index has nothing to fetch the attributes from that it does not hold.
void check_all_attributes(const Selection& selection, const engine::Index* index) {
  if (!selection.all_attributes || index == nullptr || !index->global) return;
  if (index->projection == engine::ProjectionType::kAll) return;
  throw_validation(
      "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary "
      "index " +
      index->name + " because its projection type is not ALL");
}

/// A local index fetches from the table what it does not hold; a global one cannot.
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
    throw_validation("One or more parameter values were invalid: Global secondary index " + index->name +
                     " does not project [" + missing + "]");
  }
  return true;
}

/// A query of a table without sort key: its partition is one item, after which there is nothing to go on with.
bool reads_one_item(const engine::PageRequest& page) {
  return page.range && page.index == nullptr && page.table->key_schema.range.empty();
}

/// Reads the page and writes the reply.
void answer_page(Call& call, const engine::PageRequest& page_request, const Selection& selection) {
  thread_local std::string items;
  items.clear();
  bool first = true;
  const auto page = call.engine().read_page(page_request, [&](std::string_view item) {
    if (selection.count_only) return;
    if (!first) items += ',';
    first = false;
    if (selection.projection) {
      selection.projection->append_json(json::Item(item), items);
    } else {
      items += item;
    }
  });
  ObjectWriter writer(call.reply);
  if (!selection.count_only) (((writer.key("Items") += '[') += items) += ']');
  writer.integer("Count", static_cast<std::int64_t>(page.count));
  writer.integer("ScannedCount", static_cast<std::int64_t>(page.scanned_count));
  if (!page.last_evaluated_key_json.empty() && !reads_one_item(page_request)) {
    writer.key("LastEvaluatedKey") += page.last_evaluated_key_json;
  }
  write_capacity(writer, *page_request.table, page.capacity, read_capacity_detail(call.request));
  writer.end();
  // A thread serves many requests; one huge page must not stay with it.
  constexpr std::size_t kKeptBytes = 4U << 20U;
  if (items.capacity() > kKeptBytes) items = std::string();
}

std::optional<std::uint32_t> read_limit(const Members& request) {
  const auto limit = request.integer("Limit");
  if (!limit) return std::nullopt;
  return static_cast<std::uint32_t>(std::min<std::int64_t>(*limit, UINT32_MAX));
}

const core::AttributeValue* find_hash_mismatch(const WireKey& start, const core::KeySchema& schema,
                                               const expression::KeyRange& range) {
  for (std::size_t i = 0; i < schema.hash.size(); ++i) {
    const auto* value = find_attribute(start, schema.hash[i].name);
    if (value != nullptr && !(*value == range.hash[i])) return value;
  }
  return nullptr;
}

/// "{pk=AttributeValue: {S:a}}", as the service prints a key.
std::string printed_key(const WireKey& key) {
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

/// Whether the range part of the starting key is one that the query's key conditions let through.
bool in_key_range(const WireKey& start, const core::KeySchema& schema, const expression::KeyRange& range) {
  for (std::size_t i = 0; i < range.range_equal.size(); ++i) {
    const auto* value = find_attribute(start, schema.range[i].name);
    if (value == nullptr || !(*value == range.range_equal[i])) return false;
  }
  if (!range.range) return true;
  const auto* value = find_attribute(start, range.range->attribute);
  return value != nullptr && expression::holds(*range.range, *value);
}

/// A query's starting key must lie inside what the query reads. Its range part is judged before its partition.
void check_query_start(const WireKey& start, const core::KeySchema& schema, const expression::KeyRange& range) {
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

}  // namespace

void query(Call& call) {
  const Members& request = call.request;
  // The legacy parameters are read first, then the starting key, and only then the expressions.
  expression::check_expression_parameters(request.json(), kQueryNames, kQueryLegacyNames);
  auto filter = read_legacy_filter(request, "QueryFilter");
  auto projection = read_attributes_to_get(request);
  const auto start = read_start_key(request);
  const auto key_text = request.text("KeyConditionExpression");
  const auto key_conditions = request.object("KeyConditions");
  if (!key_text && !key_conditions) {
    throw_validation("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.");
  }
  expression::Bindings bindings = read_bindings(request);
  const expression::KeyCondition key_condition = key_text
                                                     ? expression::bind_key_condition(*key_text, bindings)
                                                     : expression::key_condition_from_key_conditions(*key_conditions);
  if (!filter) filter = read_filter_expression(request, bindings);
  if (!projection) projection = read_projection_expression(request, bindings);
  const Selection selection = read_selection(request, true, std::move(projection));
  bindings.check_all_used();
  expression::check_key_condition(key_condition);

  engine::PageRequest page;
  page.table = call.engine().usable_table(table_name(request));
  page.index = find_index(request, *page.table);
  const core::KeySchema& schema = page.index != nullptr ? page.index->key_schema : page.table->key_schema;
  page.forward = request.flag("ScanIndexForward", true);
  page.consistent_read = request.flag("ConsistentRead");
  page.limit = read_limit(request);
  page.filter = filter ? &*filter : nullptr;

  if (start && !same_attributes(*start, *page.table, page.index)) throw_validation(kInvalidStart);
  page.range = expression::resolve_key_condition(key_condition, schema, [&](const auto& attribute, bool hash) {
    if (start) start_value(*start, attribute, hash);
  });
  if (start) {
    page.start = engine::Engine::make_start(*page.table, page.index, index_start_values(*start, page.index),
                                            table_start_key(*start, *page.table));
    if (reads_one_item(page)) {
      throw_validation("The provided exclusive start key is invalid: ExclusiveStartKey: " + printed_key(*start));
    }
    check_query_start(*start, schema, *page.range);
  }
  if (selection.projection) check_key_paths(*page.table, selection.projection->paths());
  if (filter) check_filter_attributes(request, *filter, schema);
  check_all_attributes(selection, page.index);
  check_key_paths(*page.table, filter);
  if (filter) check_filter_projected(*filter, *page.table, page.index);
  page.fetch_from_table = needs_table(selection, *page.table, page.index);
  answer_page(call, page, selection);
}

void scan(Call& call) {
  const Members& request = call.request;
  expression::check_expression_parameters(request.json(), kScanNames, kScanLegacyNames);
  engine::PageRequest page;
  auto projection = read_attributes_to_get(request);
  auto filter = read_legacy_filter(request, "ScanFilter");
  const auto start = read_start_key(request);
  const auto segment = request.integer("Segment");
  const auto total = request.integer("TotalSegments");
  if (segment && !total) {
    throw_validation(
        "The TotalSegments parameter is required but was not present in the request when Segment parameter is present");
  }
  if (total && !segment) {
    throw_validation(
        "The Segment parameter is required but was not present in the request when parameter TotalSegments is present");
  }
  if (segment && total) {
    if (*segment >= *total) {
      throw_validation("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: " +
                       std::to_string(*segment) + " is not less than TotalSegments: " + std::to_string(*total));
    }
    page.segment = static_cast<std::uint32_t>(*segment);
    page.total_segments = static_cast<std::uint32_t>(*total);
  }
  expression::Bindings bindings = read_bindings(request);
  if (!filter) filter = read_filter_expression(request, bindings);
  if (!projection) projection = read_projection_expression(request, bindings);
  const Selection selection = read_selection(request, false, std::move(projection));
  bindings.check_all_used();

  page.table = call.engine().usable_table(table_name(request));
  page.index = find_index(request, *page.table);
  page.consistent_read = request.flag("ConsistentRead");
  page.limit = read_limit(request);
  page.filter = filter ? &*filter : nullptr;
  if (start && !same_attributes(*start, *page.table, page.index)) {
    throw_validation(page.index != nullptr
                         ? std::string(kInvalidStart)
                         : std::string(kInvalidStart) + ": The provided key element does not match the schema");
  }
  const auto start_values = start ? index_start_values(*start, page.index) : std::vector<core::AttributeValue>{};
  check_all_attributes(selection, page.index);
  if (start) {
    page.start =
        engine::Engine::make_start(*page.table, page.index, start_values, table_start_key(*start, *page.table));
    if (!engine::Engine::start_in_range(page)) {
      throw_validation(
          "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with "
          "correct Segment. TotalSegments: " +
          std::to_string(page.total_segments) + " Segment: " + std::to_string(page.segment));
    }
  }
  if (selection.projection) check_key_paths(*page.table, selection.projection->paths());
  check_key_paths(*page.table, filter);
  page.fetch_from_table = needs_table(selection, *page.table, page.index);
  answer_page(call, page, selection);
}

}  // namespace stator::api
