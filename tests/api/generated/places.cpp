#include "api/generated/places.h"

#include <algorithm>

namespace stator::api::generated {

using shapes::Kind;
using shapes::Shape;

namespace {

constexpr std::size_t kMaxElements = 2;

/// Returns the shape of the value under this name; null if the shape does not say (sets, unknown members).
const Shape* shape_under(const Shape& shape, std::string_view name) {
  switch (shape.kind) {
    case Kind::kStructure: {
      const auto* found = std::ranges::find(shape.members.data(), shape.members.data() + shape.members.size(), name,
                                            &shapes::Member::name);
      return found == shape.members.data() + shape.members.size() ? nullptr : found->shape;
    }
    case Kind::kList:
    case Kind::kMap:
      return shape.element;
    case Kind::kAttributeValue:
      return name == "L" ? &shapes::kAttributeValueList : name == "M" ? &shapes::kAttributeMap : nullptr;
    default:
      return nullptr;
  }
}

class Finder {
 public:
  void under(const JsonTree& tree, const Shape* shape, const Place& at) {
    if (tree.kind == JsonTree::Kind::kObject) {
      const bool is_structure = shape != nullptr && shape->kind == Kind::kStructure;
      for (std::size_t i = 0; i < tree.members.size(); ++i) {
        const auto& [name, value] = tree.members[i];
        Place place = below(at, i);
        place.name += (at.name.empty() ? "" : ".") + name;
        place.general_name += (at.name.empty() ? "" : ".") + (is_structure ? name : "*");
        place.is_member = is_structure;
        enter(value, shape != nullptr ? shape_under(*shape, name) : nullptr, place);
      }
    } else if (tree.kind == JsonTree::Kind::kArray) {
      for (std::size_t i = 0; i < std::min(tree.elements.size(), kMaxElements); ++i) {
        Place place = below(at, i);
        place.name += "[" + std::to_string(i) + "]";
        place.general_name += ".*";
        place.is_member = false;
        enter(tree.elements[i], shape != nullptr ? shape_under(*shape, {}) : nullptr, place);
      }
    }
  }

  std::vector<Place> found;

 private:
  static Place below(const Place& at, std::size_t step) {
    Place place = at;
    place.steps.push_back(step);
    return place;
  }

  void enter(const JsonTree& value, const Shape* shape, const Place& place) {
    found.push_back(place);
    under(value, shape, place);
  }
};

}  // namespace

std::vector<Place> places_of(const Operation& operation, const JsonTree& request) {
  Finder finder;
  finder.under(request, operation.input, {});
  return std::move(finder.found);
}

JsonTree& parent_of(JsonTree& request, const Place& place) {
  JsonTree* at = &request;
  for (std::size_t i = 0; i + 1 < place.steps.size(); ++i) {
    const std::size_t step = place.steps[i];
    at = at->kind == JsonTree::Kind::kObject ? &at->members[step].value : &at->elements[step];
  }
  return *at;
}

}  // namespace stator::api::generated
