#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/reply.h"
#include "api/table_request.h"

/// Vector indexes in requests on tables and in descriptions. Source of rules and texts: the open conformance suite's
/// captures and others' measurements, August to October 2026 (docs/compatibility.md).
namespace stator::api {

/// Throws ValidationException if `definitions`, which are for keys, contain the vector attribute of one of
/// CreateTable's VectorIndexes.
void check_not_defined(const Members& request, const Definitions& definitions);

/// Reads CreateTable's VectorIndexes and adds them after the table's other indexes.
void read_vector_indexes(const Members& request, const Definitions& definitions, engine::Table& table);

/// The names in the SearchSchemas of CreateTable's VectorIndexes.
std::vector<std::string_view> search_attributes(const Members& request);

/// One element of UpdateTable's VectorIndexUpdates: exactly one of create and remove is set.
struct VectorIndexUpdate {
  std::optional<Members> create;
  std::optional<Members> remove;
  std::string name;
};
/// Empty if the member is absent or an empty list. Throws ValidationException if an element has no action or both.
std::vector<VectorIndexUpdate> read_vector_index_updates(const Members& request);

/// Adds an index and the definitions of its search attributes to the table. Throws ValidationException.
void create_vector_index(const Members& request, const Members& action, engine::Table& table);
/// Removes an index. Throws ResourceNotFoundException, ValidationException, and ResourceInUseException while the index
/// is in its first phase or being deleted.
void remove_vector_index(const std::string& name, engine::Table& table);

/// Whether the index is in its first phase: resources are being allocated, and the table is not ACTIVE. After that
/// items are indexed.
bool is_allocating(const engine::Table& table, const engine::Index& index);

/// Whether the index's search schema has the attribute, which the table then defines.
bool reads_attribute(const engine::VectorSettings& settings, std::string_view attribute);

/// Whether an element of a restore's VectorIndexOverride has the same settings as the vector index, except the
/// projection.
bool has_settings(const Members& element, const engine::Index& index);

/// Writes VectorAttribute, Dimensions, DistanceFunction and SearchSchema.
void write_vector_settings(ObjectWriter& writer, const engine::VectorSettings& settings);

}  // namespace stator::api
