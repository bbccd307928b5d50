#include <algorithm>
#include <map>

#include "expression/path.h"
#include "json/writer.h"

namespace stator::expression {

using core::AttributeValue;

namespace {

/// Up to this many names, a linear search is as fast.
constexpr std::size_t kFewNames = 16;

}  // namespace

/// The wanted paths as a tree, which says what parts of a value are wanted. Members in the order written, elements by
/// index.
struct Projection::Node {
  bool whole = false;
  std::vector<std::string> names;
  std::vector<Node> members;  // members[i] belongs to names[i]
  std::map<std::string, std::size_t, std::less<>> places;
  std::map<std::uint32_t, Node> elements;

  void add(std::span<const PathStep> steps) {
    if (steps.empty()) {
      whole = true;
      return;
    }
    child_of(steps.front()).add(steps.subspan(1));
  }

  Node& child_of(const PathStep& step) {
    if (const auto* index = std::get_if<std::uint32_t>(&step)) return elements[*index];
    const auto& name = std::get<std::string>(step);
    const auto [place, added] = places.try_emplace(name, names.size());
    if (added) {
      names.push_back(name);
      members.emplace_back();
    }
    return members[place->second];
  }

  /// Appends the wanted parts of `value`; returns false and appends nothing if it has none of them.
  bool append(const AttributeValue& value, std::string& out) const {
    if (whole) {
      json::append_value(value, out);
      return true;
    }
    const std::size_t start = out.size();
    bool any = false;
    if (const auto* list = value.get_if<AttributeValue::List>()) {
      out += R"({"L":[)";
      for (const auto& [index, child] : elements) {
        if (index >= list->size()) break;
        any = append_part(child, (*list)[index], any ? "," : "", out) || any;
      }
      out += "]}";
    } else if (const auto* map = value.get_if<AttributeValue::Map>()) {
      out += R"({"M":{)";
      const std::vector<const AttributeValue*> found = find_members(*map);
      for (std::size_t i = 0; i < names.size(); ++i) {
        if (found[i] == nullptr) continue;
        std::string head = any ? "," : "";
        json::append_string(names[i], head);
        head += ':';
        any = append_part(members[i], *found[i], head, out) || any;
      }
      out += "}}";
    }
    if (!any) out.resize(start);
    return any;
  }

  /// The map's value for each of `names` (null if absent), found in one pass over the map.
  [[nodiscard]] std::vector<const AttributeValue*> find_members(const AttributeValue::Map& map) const {
    std::vector<const AttributeValue*> found(names.size());
    for (const core::MapMember& member : map) {
      if (const auto place = places.find(member.name); place != places.end()) found[place->second] = &member.value;
    }
    return found;
  }

  static bool append_part(const Node& node, const AttributeValue& value, std::string_view head, std::string& out) {
    const std::size_t start = out.size();
    out += head;
    if (node.append(value, out)) return true;
    out.resize(start);
    return false;
  }
};

/// Positions of very many wanted attributes, by their stored names.
struct Projection::Places {
  std::vector<std::pair<std::string, std::uint32_t>> by_name;

  /// The positions of the wanted attributes that the item has, ascending; found in one pass over the item.
  [[nodiscard]] std::vector<std::uint32_t> present_in(const json::Item& item) const {
    std::vector<std::uint32_t> present;
    item.for_each_escaped_name([&](std::string_view name) {
      const auto found = std::ranges::lower_bound(by_name, name, {},
                                                  [](const auto& entry) -> const std::string& { return entry.first; });
      if (found != by_name.end() && found->first == name) present.push_back(found->second);
    });
    std::ranges::sort(present);
    return present;
  }
};

Projection::Projection(std::vector<Path> paths) : paths_(std::move(paths)) {
  const bool top_level_only =
      std::all_of(paths_.begin(), paths_.end(), [](const Path& path) { return path.steps.empty(); });
  if (!top_level_only) {
    auto root = std::make_shared<Node>();
    for (const Path& path : paths_) root->child_of(path.attribute).add(path.steps);
    root_ = std::move(root);
  }
  if (attribute_count() > kFewNames) {
    auto places = std::make_shared<Places>();
    for (std::uint32_t i = 0; i < attribute_count(); ++i) places->by_name.emplace_back(json::escaped_name(name(i)), i);
    std::ranges::sort(places->by_name);
    places_ = std::move(places);
  }
}

std::size_t Projection::attribute_count() const { return root_ == nullptr ? paths_.size() : root_->names.size(); }

const std::string& Projection::name(std::size_t i) const {
  return root_ == nullptr ? paths_[i].attribute : root_->names[i];
}

bool Projection::append_value(std::size_t i, const json::Item& item, std::string& out) const {
  if (root_ == nullptr || root_->members[i].whole) return item.append_attribute(name(i), out);
  const AttributeValue* value = item.find(name(i));
  return value != nullptr && root_->members[i].append(*value, out);
}

void Projection::append_json(const json::Item& item, std::string& out) const {
  out += '{';
  const std::size_t start = out.size();
  const auto append = [&](std::size_t i) {
    const std::size_t before = out.size();
    if (out.size() > start) out += ',';
    json::append_string(name(i), out);
    out += ':';
    if (!append_value(i, item, out)) out.resize(before);
  };
  if (places_ != nullptr && item.attribute_count() < attribute_count()) {
    std::ranges::for_each(places_->present_in(item), append);
  } else {
    for (std::size_t i = 0; i < attribute_count(); ++i) append(i);
  }
  out += '}';
}

Projection bind_projection(std::string_view text, Bindings& bindings) {
  const SharedSyntax tree = parse_cached(ExpressionKind::kProjection, text);
  std::vector<Path> paths;
  paths.reserve(tree->projection.size());
  for (const NodeId id : tree->projection) {
    paths.push_back(bind_path(ExpressionKind::kProjection, *tree, tree->nodes[id], bindings));
  }
  check_disjoint(ExpressionKind::kProjection, paths);
  return Projection(std::move(paths));
}

}  // namespace stator::expression
