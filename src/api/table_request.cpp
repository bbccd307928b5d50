#include "api/table_request.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <set>

#include "api/encryption_key.h"
#include "api/policy_document.h"
#include "api/tags.h"
#include "api/throughput.h"
#include "api/vector_indexes.h"
#include "core/api_error.h"
#include "core/limits.h"

namespace stator::api {

using core::throw_invalid_parameters;
using core::throw_validation;

namespace {

template <class Range, class Projection>
std::string join(const Range& range, Projection projection) {
  std::string text;
  for (const auto& element : range) {
    if (!text.empty()) text += ", ";
    text += std::invoke(projection, element);
  }
  return text;
}

[[noreturn]] void throw_undefined_keys(const std::vector<KeyElement>& elements, const Definitions& definitions) {
  throw_invalid_parameters("Some index key attributes are not defined in AttributeDefinitions. Keys: [" +
                           join(elements, &KeyElement::name) + "], AttributeDefinitions: [" +
                           join(definitions.all(), &core::KeyAttribute::name) + "]");
}

bool all_defined(const std::vector<KeyElement>& elements, const Definitions& definitions) {
  return std::ranges::all_of(elements,
                             [&](const KeyElement& element) { return definitions.find(element.name) != nullptr; });
}

core::KeySchema schema_of(const std::vector<KeyElement>& elements, const Definitions& definitions) {
  core::KeySchema schema;
  for (const auto& element : elements) {
    const core::KeyAttribute* definition = definitions.find(element.name);
    if (definition == nullptr) throw_undefined_keys(elements, definitions);
    (element.hash ? schema.hash : schema.range).push_back(*definition);
  }
  return schema;
}

void check_two_part_order(const std::vector<KeyElement>& elements) {
  if (elements.size() > 1 && elements[0].name == elements[1].name) {
    throw_validation("Both the Hash Key and the Range Key element in the KeySchema have the same name");
  }
  if (!elements[0].hash) {
    throw_validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  }
  if (elements.size() > 1 && elements[1].hash) {
    throw_validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
  }
}

engine::Index read_local_index(const Members& element, const core::KeySchema& table_schema,
                               const Definitions& definitions) {
  engine::Index index;
  const auto elements = read_key_elements(element);
  const std::string name(element.text("IndexName").value_or(std::string_view{}));
  if (!all_defined(elements, definitions)) throw_undefined_keys(elements, definitions);
  check_two_part_order(elements);
  if (elements.size() < 2) {
    throw_invalid_parameters("Index KeySchema does not have a range key for index: " + name);
  }
  if (elements[0].name != table_schema.hash[0].name) {
    throw_invalid_parameters(
        "Index KeySchema does not have the same leading hash key as table KeySchema for index: " + name +
        ". index hash key: " + elements[0].name + ", table hash key: " + table_schema.hash[0].name);
  }
  index.key_schema = schema_of(elements, definitions);
  read_name_and_projection(element, index);
  return index;
}

/// The order in which the service lists the names of a set, which is that of Java's HashSet: by cell of its hash table,
/// and within a cell in order of insertion.
std::vector<std::string_view> in_hash_order(const std::vector<std::string_view>& names) {
  std::size_t cells = 16;
  while (names.size() * 4 > cells * 3) cells *= 2;
  const auto cell_of = [cells](std::string_view name) {
    std::uint32_t hash = 0;
    for (const char byte : name) hash = hash * 31 + static_cast<unsigned char>(byte);
    return (hash ^ hash >> 16) & (cells - 1);
  };
  std::vector<std::string_view> ordered = names;
  std::ranges::stable_sort(ordered, {}, cell_of);
  return ordered;
}

/// Throws if a definition is used neither in a key nor in a search schema. The service checks this before other faults
/// of indexes.
void check_definitions_used(const Members& request, const engine::Table& table) {
  std::vector<std::string_view> used;
  std::set<std::string_view> seen;
  const auto use = [&](const json::Array& schema) {
    for (const auto element : schema) {
      const auto name = Members(element.get_object()).text("AttributeName").value_or(std::string_view{});
      if (seen.insert(name).second) used.push_back(name);
    }
  };
  if (const auto schema = request.array("KeySchema")) use(*schema);
  bool has_indexes = false;
  for (const char* member : {"LocalSecondaryIndexes", "GlobalSecondaryIndexes"}) {
    const auto list = request.array(member);
    if (!list) continue;
    for (const auto element : *list) {
      has_indexes = true;
      if (const auto schema = Members(element.get_object()).array("KeySchema")) use(*schema);
    }
  }
  if (const auto list = request.array("VectorIndexes")) has_indexes = has_indexes || list->size() > 0;
  for (const std::string_view name : search_attributes(request)) {
    if (seen.insert(name).second) used.push_back(name);
  }
  const auto is_used = [&](const core::KeyAttribute& definition) { return seen.contains(definition.name); };
  if (std::ranges::all_of(table.attribute_definitions, is_used)) return;
  if (!has_indexes) {
    throw_invalid_parameters(
        "Number of attributes in KeySchema does not exactly match number of attributes defined in "
        "AttributeDefinitions");
  }
  throw_invalid_parameters("Some AttributeDefinitions are not used. AttributeDefinitions: [" +
                           join(table.attribute_definitions, &core::KeyAttribute::name) + "], keys used: [" +
                           join(in_hash_order(used), [](std::string_view name) { return std::string(name); }) + "]");
}

void read_billing(const Members& request, engine::Table& table) {
  if (billing_mode_member(request) == "PAY_PER_REQUEST") {
    table.billing_mode = engine::BillingMode::kPayPerRequest;
    if (request.object("ProvisionedThroughput")) {
      throw_invalid_parameters(
          "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
          "PAY_PER_REQUEST");
    }
    return;
  }
  const auto throughput = read_throughput(request);
  if (!throughput) {
    throw_invalid_parameters(
        "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED");
  }
  table.throughput = *throughput;
}

[[noreturn]] void throw_duplicate_name(const std::string& index) {
  throw_invalid_parameters("Duplicate index name: " + index);
}

using IndexNames = std::set<std::string>;

/// Adds an index, whose name must be unique. Faults of an index are reported before the next one is checked.
void add_index(engine::Index index, IndexNames& names, engine::Table& table) {
  if (!names.insert(index.name).second) throw_duplicate_name(index.name);
  table.indexes.push_back(std::move(index));
}

void read_local_indexes(const Members& request, const Definitions& definitions, IndexNames& names,
                        engine::Table& table) {
  const auto list = request.array("LocalSecondaryIndexes");
  if (!list) return;
  if (list->size() == 0) throw_invalid_parameters("List of LocalSecondaryIndexes is empty");
  if (table.key_schema.range.empty()) {
    throw_invalid_parameters(
        "Table KeySchema does not have a range key, which is required when specifying a "
        "LocalSecondaryIndex");
  }
  for (const auto element : *list) {
    add_index(read_local_index(Members(element.get_object()), table.key_schema, definitions), names, table);
  }
  check_indexes(table);
}

void read_global_indexes(const Members& request, const Definitions& definitions, IndexNames& names,
                         engine::Table& table) {
  const auto list = request.array("GlobalSecondaryIndexes");
  if (!list) return;
  if (list->size() == 0) throw_invalid_parameters("List of GlobalSecondaryIndexes is empty");
  for (const auto element : *list) {
    add_index(
        read_global_index(Members(element.get_object()), definitions, table.billing_mode, IndexOrigin::kCreateTable),
        names, table);
  }
  check_indexes(table);
}

core::AttributeType read_key_type(const Members& definition) {
  // The shape allows only S, N and B.
  return core::type_from_name(definition.required_text("AttributeType")).value_or(core::AttributeType::kString);
}

/// The schema of a table: HASH, then perhaps RANGE. Types come from the definitions, which must have every name.
core::KeySchema build_key_schema(const std::vector<KeyElement>& elements, const Definitions& definitions) {
  if (elements.size() > definitions.all().size()) {
    throw_validation("Invalid KeySchema: Some index key attribute have no definition");
  }
  if (!all_defined(elements, definitions)) throw_undefined_keys(elements, definitions);
  check_two_part_order(elements);
  return schema_of(elements, definitions);
}

/// The schema of a global index: up to four HASH, then up to four RANGE attributes.
core::KeySchema build_global_key_schema(const std::vector<KeyElement>& elements, const Definitions& definitions) {
  if (!all_defined(elements, definitions)) throw_undefined_keys(elements, definitions);
  if (elements.size() <= 2 && !(elements.size() == 2 && elements[0].hash && elements[1].hash)) {
    check_two_part_order(elements);
    return schema_of(elements, definitions);
  }
  std::set<std::string_view> names;
  for (const KeyElement& element : elements) {
    if (!names.insert(element.name).second) {
      throw_validation("The KeySchema contains multiple key attributes with the same name");
    }
  }
  if (!elements[0].hash) {
    throw_validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  }
  const auto is_hash = [](const KeyElement& element) { return element.hash; };
  if (!std::ranges::is_partitioned(elements, is_hash)) {
    throw_invalid_parameters("All HASH key attributes must precede RANGE key attributes in the KeySchema");
  }
  const auto hashes = static_cast<std::size_t>(std::ranges::count_if(elements, is_hash));
  const auto refuse_number_of = [](const std::string& kind) {
    throw_invalid_parameters("The KeySchema exceeds the maximum allowed number of " + kind + " key attributes");
  };
  if (hashes > core::kMaxIndexHashAttributes) refuse_number_of("HASH");
  if (elements.size() - hashes > core::kMaxIndexRangeAttributes) refuse_number_of("RANGE");
  return schema_of(elements, definitions);
}

}  // namespace

Definitions Definitions::read(const Members& request) {
  Definitions definitions;
  const auto list = request.array("AttributeDefinitions");
  if (!list) return definitions;
  for (const auto element : *list) {
    const Members definition(element.get_object());
    std::string name(definition.text("AttributeName").value_or(std::string_view{}));
    if (!definitions.places_.emplace(name, definitions.all_.size()).second) {
      throw_validation("Attribute Name is duplicated: " + name);
    }
    definitions.all_.push_back({std::move(name), read_key_type(definition)});
  }
  return definitions;
}

const core::KeyAttribute* Definitions::find(std::string_view name) const {
  const auto found = places_.find(name);
  return found == places_.end() ? nullptr : &all_[found->second];
}

std::vector<KeyElement> read_key_elements(const Members& request) {
  std::vector<KeyElement> elements;
  const auto schema = request.required_array("KeySchema");
  for (const auto item : schema) {
    const Members element(item.get_object());
    elements.push_back({std::string(element.required_text("AttributeName")), element.text("KeyType") == "HASH"});
  }
  return elements;
}

std::optional<std::string_view> billing_mode_member(const Members& request) {
  const auto mode = request.text("BillingMode");
  return mode ? mode : request.text("TableThroughputMode");
}

std::optional<std::string_view> read_table_class(const Members& request) {
  const auto name = request.text("TableClass");
  if (name && *name != "STANDARD" && *name != "STANDARD_INFREQUENT_ACCESS") {
    throw_validation(
        "Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, "
        "STANDARD_INFREQUENT_ACCESS].");
  }
  return name;
}

void check_index_names(const Members& request) {
  constexpr std::array<MemberName, 3> kLists = {"LocalSecondaryIndexes", "GlobalSecondaryIndexes", "VectorIndexes"};
  IndexNames names;
  for (const MemberName& member : kLists) {
    const auto list = request.array(member);
    if (!list) continue;
    for (const auto element : *list) {
      const std::string name(Members(element.get_object()).required_text("IndexName"));
      if (!names.insert(name).second) throw_duplicate_name(name);
    }
  }
}

void read_name_and_projection(const Members& element, engine::Index& index) {
  index.name = element.text("IndexName").value_or(std::string_view{});
  const auto object = element.object("Projection");
  const Members projection(object.value_or(json::Object{}));
  const auto type = object ? projection.text("ProjectionType") : std::nullopt;
  if (!type) throw_invalid_parameters("Unknown ProjectionType: null");
  index.projection = *type == "ALL"         ? engine::ProjectionType::kAll
                     : *type == "KEYS_ONLY" ? engine::ProjectionType::kKeysOnly
                                            : engine::ProjectionType::kInclude;
  const auto names = projection.array("NonKeyAttributes");
  if (names && index.projection != engine::ProjectionType::kInclude) {
    throw_invalid_parameters("ProjectionType is " + std::string(*type) + ", but NonKeyAttributes is specified");
  }
  if (index.projection != engine::ProjectionType::kInclude) return;
  if (!names) {
    throw_invalid_parameters("ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
  }
  for (const auto name : *names) index.non_key_attributes.emplace_back(std::string_view(name.get_string()));
  auto sorted = index.non_key_attributes;
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice != sorted.end()) throw_invalid_parameters("Duplicate element in NonKeyAttributes: " + *twice);
}

void merge_definitions(const Definitions& given, const engine::Index& index, engine::Table& table) {
  for (const auto& definition : given.all()) {
    const bool is_read = index.key_schema.find(definition.name) != nullptr ||
                         (index.vector && reads_attribute(*index.vector, definition.name));
    if (!is_read) continue;
    const auto found = std::ranges::find(table.attribute_definitions, definition.name, &core::KeyAttribute::name);
    if (found == table.attribute_definitions.end()) {
      table.attribute_definitions.push_back(definition);
      continue;
    }
    if (found->type == definition.type) continue;
    const bool hash = std::ranges::find(index.key_schema.hash, definition.name, &core::KeyAttribute::name) !=
                      index.key_schema.hash.end();
    const auto schema = [&](core::AttributeType type) {
      return "Schema:[SchemaElement: key{" + definition.name + ":" + std::string(core::type_name(type)) +
             (hash ? ":HASH}]" : ":RANGE}]");
    };
    throw_invalid_parameters(
        "Attributes cannot be redefined. Please check that your attribute has the same type as previously "
        "defined. Existing schema: " +
        schema(found->type) + " New schema: " + schema(definition.type));
  }
}

engine::Index read_global_index(const Members& element, const Definitions& definitions, engine::BillingMode mode,
                                IndexOrigin origin) {
  engine::Index index;
  index.global = true;
  index.key_schema = build_global_key_schema(read_key_elements(element), definitions);
  read_name_and_projection(element, index);
  const auto throughput = read_throughput(element);
  const bool on_demand = mode == engine::BillingMode::kPayPerRequest;
  if (on_demand && throughput) {
    throw_invalid_parameters(
        (origin == IndexOrigin::kCreateTable
             ? "ProvisionedThroughput should not be specified for index: " + index.name
             : "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: " + index.name) +
        " when BillingMode is PAY_PER_REQUEST");
  }
  if (!on_demand && !throughput) {
    throw_invalid_parameters((origin == IndexOrigin::kCreateTable
                                  ? "ProvisionedThroughput is not specified for index: "
                                  : "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: ") +
                             index.name);
  }
  if (throughput) index.throughput = *throughput;
  index.on_demand = read_on_demand(element, mode, index.name);
  index.warm = read_warm(element, mode, index.throughput, index.name);
  return index;
}

void check_indexes(const engine::Table& table) {
  std::set<std::string_view> names;
  std::size_t global = 0;
  std::size_t local = 0;
  std::size_t projected = 0;
  for (const auto& index : table.indexes) {
    if (!names.insert(index.name).second) throw_duplicate_name(index.name);
    global += index.global ? 1 : 0;
    local += index.is_local() ? 1 : 0;
    projected += index.non_key_attributes.size();
  }
  if (local > core::kMaxLocalIndexes) {
    throw_invalid_parameters("Number of LocalSecondaryIndexes exceeds per-table limit of 5");
  }
  if (global > core::kMaxGlobalIndexes) {
    throw_invalid_parameters("GlobalSecondaryIndex count exceeds the per-table limit of 20");
  }
  if (projected > core::kMaxProjectedNonKeyAttributes) {
    throw_invalid_parameters(
        "Number of projected NonKeyAttributes across all indexes exceeds the per-table limit of 100");
  }
}

void apply_stream_specification(const Members& specification, engine::Table& table) {
  const bool enabled = specification.flag("StreamEnabled");
  const auto view = specification.text("StreamViewType");
  if (!enabled) {
    if (view) {
      throw_invalid_parameters("Table is being created with a stream disabled, UpdateViewType should not be specified");
    }
    table.stream_view_type.clear();
    return;
  }
  if (!view) {
    throw_invalid_parameters("Table is being created with a stream enabled, UpdateViewType is required");
  }
  table.stream_view_type = *view;
}

void apply_sse_specification(Call& call, const Members& specification, engine::Table& table) {
  const auto key = specification.text("KMSMasterKeyId");
  const auto type = specification.text("SSEType");
  table.sse_enabled = specification.flag("Enabled", type.has_value());
  const auto refuse = [](const char* why) { throw_invalid_parameters(why); };
  if (!table.sse_enabled) {
    if (type) refuse("SSEType can not be specified if Enabled is false");
    if (key) refuse("KMSMasterKeyId can not be specified if Enabled is false");
    table.sse_kms_key.clear();
    return;
  }
  if (type == "AES256") refuse("SSEType AES256 is not supported");
  if (key && !type) refuse("SSEType KMS is required if KMSMasterKeyId is specified");
  const std::string& region = call.context.region;
  table.sse_kms_key = key ? read_key(call, *key, region, "KMS validation error") : managed_key(call, region);
}

engine::Table read_table(Call& call) {
  const Members& request = call.request;
  engine::Table table;
  table.name = table_name(request);
  read_billing(request, table);
  const Definitions definitions = Definitions::read(request);
  table.attribute_definitions = definitions.all();
  table.key_schema = build_key_schema(read_key_elements(request), definitions);
  check_not_defined(request, definitions);
  check_definitions_used(request, table);
  // All local indexes are checked before the global ones.
  IndexNames index_names;
  read_local_indexes(request, definitions, index_names, table);
  read_global_indexes(request, definitions, index_names, table);
  read_vector_indexes(request, definitions, table);
  check_indexes(table);
  table.on_demand = read_on_demand(request, table.billing_mode, {});
  table.warm = read_warm(request, table.billing_mode, table.throughput, {});
  if (const auto stream = request.object("StreamSpecification")) {
    apply_stream_specification(Members(*stream), table);
  }
  if (const auto sse = request.object("SSESpecification")) apply_sse_specification(call, Members(*sse), table);
  if (const auto table_class = read_table_class(request)) table.table_class = *table_class;
  table.deletion_protection = request.flag("DeletionProtectionEnabled");
  if (const auto tags = request.array("Tags")) merge_tags(*tags, table.tags);
  const std::int64_t now_ms = call.engine().clock().now_ms();
  if (const auto policy = request.text("ResourcePolicy")) {
    table.policy.document = read_policy(*policy, {.account_id = call.context.account_id}).text;
    table.policy.revision_ms = now_ms;
  }
  if (table.billing_mode == engine::BillingMode::kPayPerRequest) table.last_pay_per_request_ms = now_ms;
  check_quotas({}, table, call.context.region);
  return table;
}

}  // namespace stator::api
