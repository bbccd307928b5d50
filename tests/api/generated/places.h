#pragma once

#include <string>
#include <vector>

#include "api/generated/json_tree.h"
#include "api/operations.h"

namespace stator::api::generated {

/// One value in a request that can be spoilt.
struct Place {
  /// Positions of the members and elements on the way there; never empty.
  std::vector<std::size_t> steps;
  /// "Item.n.N", "KeySchema[0].KeyType"
  std::string name;
  /// The same without what the request chose: "Item.*", "KeySchema.*.KeyType".
  std::string general_name;
  /// A member of a structure, so that null counts as absent; not an entry of a map or an element of a list.
  bool is_member = false;
};

/// All of them, at every depth, attribute values included; of a long list the first two elements.
std::vector<Place> places_of(const Operation& operation, const JsonTree& request);

/// The object or array that holds the place; its position in there is the last step.
JsonTree& parent_of(JsonTree& request, const Place& place);

}  // namespace stator::api::generated
