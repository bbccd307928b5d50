#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/reply.h"
#include "api/table_request.h"

/// Vector indexes in requests on tables and in descriptions. Source of rules and words: the open conformance suite's
/// captures and others' measurements, August to October 2026 (docs/compatibility.md).
namespace stator::api {

/// Throws ValidationException where `definitions` has the vector attribute of one of CreateTable's VectorIndexes:
/// definitions are of keys.
void check_not_defined(const Members& request, const Definitions& definitions);

/// CreateTable's VectorIndexes, behind the table's other indexes.
void read_vector_indexes(const Members& request, const Definitions& definitions, engine::Table& table);

/// The names in the SearchSchemas of CreateTable's VectorIndexes.
std::vector<std::string_view> search_attributes(const Members& request);

/// One element of UpdateTable's VectorIndexUpdates: exactly one of the two is set.
struct VectorIndexUpdate {
  std::optional<Members> create;
  std::optional<Members> remove;
  std::string name;
};
/// Empty where the member is absent. Throws ValidationException: an empty list, no action or both in one element.
std::vector<VectorIndexUpdate> read_vector_index_updates(const Members& request);

/// Adds an index to the table, with the definitions of its search attributes. Throws ValidationException.
void create_vector_index(const Members& request, const Members& action, engine::Table& table);
/// Throws ResourceNotFoundException, ValidationException, and ResourceInUseException while the index is in its first
/// phase or being deleted.
void remove_vector_index(const std::string& name, engine::Table& table);

/// Whether the table is UPDATING while resources for the index are allocated; behind that its items are indexed.
bool is_allocating(const engine::Table& table, const engine::Index& index);

/// The attributes that are read by the index and defined by the table: those of its search schema.
bool reads_attribute(const engine::VectorSettings& settings, std::string_view attribute);

/// Whether an element of a restore's VectorIndexOverride has the settings of the vector index; its projection apart.
bool has_settings(const Members& element, const engine::Index& index);

/// VectorAttribute, Dimensions, DistanceFunction and SearchSchema.
void write_vector_settings(ObjectWriter& writer, const engine::VectorSettings& settings);

}  // namespace stator::api
