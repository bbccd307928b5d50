#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"

/// Reads the parts that CreateTable and UpdateTable requests share into the engine's structures, under the service's
/// rules. All throw ValidationException.
namespace stator::api {

/// AttributeDefinitions in the request's order. Lookup by name takes logarithmic time, as a request may have very many.
class Definitions {
 public:
  /// Throws if a name is defined twice.
  static Definitions read(const Members& request);

  [[nodiscard]] const std::vector<core::KeyAttribute>& all() const { return all_; }
  /// The definition with that name, or null.
  [[nodiscard]] const core::KeyAttribute* find(std::string_view name) const;

 private:
  std::vector<core::KeyAttribute> all_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

/// One element of a KeySchema as sent.
struct KeyElement {
  std::string name;
  bool hash = false;
};
std::vector<KeyElement> read_key_elements(const Members& request);

/// Where a new global index is defined: in CreateTable's GlobalSecondaryIndexes, or in UpdateTable's
/// GlobalSecondaryIndexUpdates. Some of the service's texts differ.
enum class IndexOrigin : std::uint8_t { kCreateTable, kUpdateTable };
engine::Index read_global_index(const Members& element, const Definitions& definitions, engine::BillingMode mode,
                                IndexOrigin origin);

/// Throws ValidationException if two of CreateTable's indexes, of any kind, have the same name.
void check_index_names(const Members& request);

/// Reads IndexName and Projection of an index of any kind.
void read_name_and_projection(const Members& element, engine::Index& index);

/// Adds the definitions of the index's keys and search attributes to the table, and ignores the others. Throws if one
/// gives another type to an attribute that the table already defines.
void merge_definitions(const Definitions& given, const engine::Index& index, engine::Table& table);

/// BillingMode or, if it is absent, TableThroughputMode, its newer name; nullopt without both.
std::optional<std::string_view> billing_mode_member(const Members& request);
/// TableClass; nullopt if it is absent.
std::optional<std::string_view> read_table_class(const Members& request);

/// The table that a CreateTable request describes, without id, spaces and status.
engine::Table read_table(Call& call);

/// Checks all indexes together: unique names, their number, the number of projected attributes.
void check_indexes(const engine::Table& table);

/// Reads StreamSpecification into the table; the engine then begins or ends the stream.
void apply_stream_specification(const Members& specification, engine::Table& table);
/// Reads SSESpecification into the table; without Enabled, an SSEType turns encryption on.
void apply_sse_specification(Call& call, const Members& specification, engine::Table& table);

}  // namespace stator::api
