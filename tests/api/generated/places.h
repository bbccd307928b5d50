#pragma once

#include <string>
#include <vector>

#include "api/generated/json_tree.h"
#include "api/operations.h"

namespace stator::api::generated {

/// One value in a request that can be made invalid.
struct Place {
  /// Positions of the members and elements on the path to it; never empty.
  std::vector<std::size_t> steps;
  /// "Item.n.N", "KeySchema[0].KeyType"
  std::string name;
  /// The same with the request's own names and positions replaced by *: "Item.*", "KeySchema.*.KeyType".
  std::string general_name;
  /// True for a member of a structure, where null counts as absent; false for an entry of a map or an element of a
  /// list.
  bool is_member = false;
};

/// Returns all places, at every depth, attribute values included; of a long list only the first two elements.
std::vector<Place> places_of(const Operation& operation, const JsonTree& request);

/// Returns the object or array that holds the place; the last step is the position in it.
JsonTree& parent_of(JsonTree& request, const Place& place);

}  // namespace stator::api::generated
