#include "api/vector_indexes.h"

#include <algorithm>

#include "core/api_error.h"
#include "core/vector_limits.h"
#include "engine/table_changes.h"

namespace stator::api {

using core::throw_invalid_parameters;
using core::throw_validation;

namespace {

std::string_view distance_name(engine::DistanceFunction function) {
  switch (function) {
    case engine::DistanceFunction::kDotProduct:
      return "DOT_PRODUCT";
    case engine::DistanceFunction::kEuclidean:
      return "EUCLIDEAN";
    case engine::DistanceFunction::kCosine:
      break;
  }
  return "COSINE";
}

engine::DistanceFunction read_distance(const Members& element) {
  const std::string_view name = element.required_text("DistanceFunction");
  return name == "DOT_PRODUCT" ? engine::DistanceFunction::kDotProduct
         : name == "EUCLIDEAN" ? engine::DistanceFunction::kEuclidean
                               : engine::DistanceFunction::kCosine;
}

std::string_view vector_attribute(const Members& element) {
  return Members(element.required_object("VectorAttribute")).required_text("AttributeName");
}

template <class Visit>
void for_each_search_element(const Members& index, Visit visit) {
  const auto list = index.array("SearchSchema");
  if (!list) return;
  for (const auto each : *list) {
    const Members element(each.get_object());
    visit(element.required_text("AttributeName"), element.required_text("SearchSchemaElementType") == "HASH");
  }
}

void check_element_counts(const std::vector<engine::SearchElement>& schema) {
  const auto hashes = static_cast<std::size_t>(std::ranges::count_if(schema, &engine::SearchElement::hash));
  const auto check = [](const char* type, std::size_t count, std::size_t limit) {
    if (count <= limit) return;
    throw_invalid_parameters("Value '" + std::to_string(count) +
                             "' at 'SearchSchema' failed to satisfy constraint: Member must have " + type +
                             " count less than or equal to " + std::to_string(limit));
  };
  check("HASH", hashes, 1);
  check("INLINE_FILTER", schema.size() - hashes, core::kMaxInlineFilters);
}

std::vector<engine::SearchElement> read_search_schema(const Members& index, const Definitions& definitions) {
  std::vector<engine::SearchElement> schema;
  for_each_search_element(index, [&](std::string_view name, bool hash) {
    const auto has_name = [name](const engine::SearchElement& other) { return other.attribute.name == name; };
    if (std::ranges::any_of(schema, has_name)) {
      throw_invalid_parameters("SearchSchema contains a duplicate AttributeName");
    }
    const core::KeyAttribute* definition = definitions.find(name);
    if (definition == nullptr) {
      throw_invalid_parameters("One element in SearchSchema is not defined in attribute definitions");
    }
    schema.push_back({*definition, hash});
  });
  check_element_counts(schema);
  return schema;
}

void check_projected(const engine::Index& index) {
  const std::size_t projected = index.non_key_attributes.size() + 1;  // the vector
  if (projected <= core::kMaxProjectedVectorAttributes) return;
  throw_invalid_parameters("Number of projected attributes " + std::to_string(projected) + " exceeds the limit of " +
                           std::to_string(core::kMaxProjectedVectorAttributes) + " for VectorIndex: " + index.name);
}

engine::Index read_vector_index(const Members& element, const Definitions& definitions) {
  engine::Index index;
  const std::int64_t dimensions = element.integer("Dimensions").value_or(0);
  if (dimensions < 1 || dimensions > core::kMaxVectorDimensions) {
    throw_invalid_parameters("Number of dimensions must be between 1 and " +
                             std::to_string(core::kMaxVectorDimensions) + " inclusive.");
  }
  engine::VectorSettings& vector = index.vector.emplace();
  vector.attribute = vector_attribute(element);
  vector.dimensions = static_cast<std::size_t>(dimensions);
  vector.distance = read_distance(element);
  vector.schema = read_search_schema(element, definitions);
  for (const engine::SearchElement& each : vector.schema) {
    if (each.hash) index.key_schema.hash.push_back(each.attribute);
  }
  read_name_and_projection(element, index);
  check_projected(index);
  return index;
}

[[noreturn]] void throw_defined(const std::string& attribute) {
  throw_invalid_parameters("Conflicting attribute definition for '" + attribute +
                           "'. An attribute cannot be defined in AttributeDefinitions when used as a VectorAttribute.");
}

void check_billing_mode(const engine::Table& table) {
  if (table.billing_mode == engine::BillingMode::kPayPerRequest) return;
  throw_invalid_parameters("Vector indexes are only supported for PAY_PER_REQUEST tables");
}

void check_count(std::size_t count) {
  if (count <= core::kMaxVectorIndexes) return;
  throw_invalid_parameters("VectorIndex count exceeds the per-table limit of " +
                           std::to_string(core::kMaxVectorIndexes));
}

/// Throws if another index on the same vector attribute has other dimensions.
void check_dimensions(const engine::Index& added, const engine::Table& table) {
  for (const engine::Index& other : table.indexes) {
    if (!other.vector || other.vector->attribute != added.vector->attribute) continue;
    if (other.vector->dimensions == added.vector->dimensions) continue;
    throw_invalid_parameters("Conflicting attribute definition for '" + added.vector->attribute +
                             "'. All VectorIndexes on the same vector attribute must use the same dimensions.");
  }
}

bool is_vector(const engine::Index& index) { return index.vector.has_value(); }

bool has_schema(const Members& element, const engine::VectorSettings& settings) {
  std::size_t at = 0;
  bool same = true;
  for_each_search_element(element, [&](std::string_view name, bool hash) {
    same = same && at < settings.schema.size() && settings.schema[at].attribute.name == name &&
           settings.schema[at].hash == hash;
    ++at;
  });
  return same && at == settings.schema.size();
}

}  // namespace

void check_not_defined(const Members& request, const Definitions& definitions) {
  const auto list = request.array("VectorIndexes");
  if (!list) return;
  for (const auto element : *list) {
    const std::string_view attribute = vector_attribute(Members(element.get_object()));
    if (definitions.find(attribute) == nullptr) continue;
    check_index_names(request);
    throw_defined(std::string(attribute));
  }
}

void read_vector_indexes(const Members& request, const Definitions& definitions, engine::Table& table) {
  const auto list = request.array("VectorIndexes");
  if (!list) return;
  if (list->size() == 0) throw_invalid_parameters("List of VectorIndexes is empty");
  check_billing_mode(table);
  check_count(list->size());
  for (const auto element : *list) {
    engine::Index index = read_vector_index(Members(element.get_object()), definitions);
    check_dimensions(index, table);
    table.indexes.push_back(std::move(index));
  }
}

std::vector<std::string_view> search_attributes(const Members& request) {
  std::vector<std::string_view> names;
  const auto list = request.array("VectorIndexes");
  if (!list) return names;
  for (const auto element : *list) {
    for_each_search_element(Members(element.get_object()),
                            [&](std::string_view name, bool /*hash*/) { names.push_back(name); });
  }
  return names;
}

std::vector<VectorIndexUpdate> read_vector_index_updates(const Members& request) {
  std::vector<VectorIndexUpdate> updates;
  const auto list = request.array("VectorIndexUpdates");
  if (!list) return updates;
  for (const auto item : *list) {
    const Members element(item.get_object());
    VectorIndexUpdate update;
    const auto take = [&](const char* kind, std::optional<Members>& into) {
      const auto object = element.object(kind);
      if (!object) return;
      into = Members(*object);
      update.name = into->required_text("IndexName");
    };
    take("Create", update.create);
    take("Delete", update.remove);
    if (update.create && update.remove) {
      throw_invalid_parameters("Only one vector index action is allowed per VectorIndexUpdate object");
    }
    if (!update.create && !update.remove) {
      throw_invalid_parameters("One of VectorIndexUpdate.Create, VectorIndexUpdate.Delete must not be null");
    }
    updates.push_back(std::move(update));
  }
  return updates;
}

void create_vector_index(const Members& request, const Members& action, engine::Table& table) {
  check_billing_mode(table);
  if (table.index(action.required_text("IndexName")) != nullptr) {
    throw_validation("Attempting to create an index which already exists");
  }
  // Attributes that the table already defines must be defined again.
  const Definitions definitions = Definitions::read(request);
  engine::Index index = read_vector_index(action, definitions);
  check_count(static_cast<std::size_t>(std::ranges::count_if(table.indexes, is_vector)) + 1);
  check_dimensions(index, table);
  const std::string& attribute = index.vector->attribute;
  const bool is_defined = std::ranges::find(table.attribute_definitions, attribute, &core::KeyAttribute::name) !=
                          table.attribute_definitions.end();
  if (is_defined || definitions.find(attribute) != nullptr) throw_defined(attribute);
  merge_definitions(definitions, index, table);
  table.indexes.push_back(std::move(index));
}

void remove_vector_index(const std::string& name, engine::Table& table) {
  const engine::Index* index = table.index(name);
  if (index == nullptr) {
    core::throw_resource_not_found("Requested resource not found: Index " + name + " for table " + table.name);
  }
  if (!index->vector) throw_validation("Cannot delete an index that is not a VectorIndex: " + name);
  const auto refuse = [&](const std::string& why) {
    engine::throw_still_in_use(why + " Table: " + table.name + " Index: " + name);
  };
  if (index->status == engine::TableStatus::kDeleting) refuse("Index is being deleted.");
  if (is_allocating(table, *index)) {
    refuse(
        "Index creation is in resource allocation phase. Retry deletion during backfilling phase or when the index is "
        "active.");
  }
  std::erase_if(table.indexes, [&](const engine::Index& each) { return each.name == name; });
}

bool is_allocating(const engine::Table& table, const engine::Index& index) {
  return index.status == engine::TableStatus::kCreating && table.status != engine::TableStatus::kActive;
}

bool reads_attribute(const engine::VectorSettings& settings, std::string_view attribute) {
  const auto has_name = [&](const engine::SearchElement& element) { return element.attribute.name == attribute; };
  return std::ranges::any_of(settings.schema, has_name);
}

bool has_settings(const Members& element, const engine::Index& index) {
  const engine::VectorSettings& settings = *index.vector;
  return vector_attribute(element) == settings.attribute &&
         element.integer("Dimensions") == static_cast<std::int64_t>(settings.dimensions) &&
         read_distance(element) == settings.distance && has_schema(element, settings);
}

void write_vector_settings(ObjectWriter& writer, const engine::VectorSettings& settings) {
  ObjectWriter attribute(writer.key("VectorAttribute"));
  attribute.text("AttributeName", settings.attribute);
  attribute.end();
  writer.integer("Dimensions", static_cast<std::int64_t>(settings.dimensions));
  writer.text("DistanceFunction", distance_name(settings.distance));
  if (settings.schema.empty()) return;
  ArrayWriter schema(writer.key("SearchSchema"));
  for (const engine::SearchElement& each : settings.schema) {
    ObjectWriter element(schema.element());
    element.text("AttributeName", each.attribute.name);
    element.text("SearchSchemaElementType", each.hash ? "HASH" : "INLINE_FILTER");
    element.end();
  }
  schema.end();
}

}  // namespace stator::api
