#include <algorithm>

#include "expression/path.h"
#include "json/writer.h"

namespace stator::expression {

using core::AttributeValue;

/// The wanted paths merged: what is wanted of a value. Members stand in the order written, elements by index.
struct Projection::Node {
  bool whole = false;
  std::vector<std::pair<std::string, Node>> members;
  std::vector<std::pair<std::uint32_t, Node>> elements;

  void add(std::span<const PathStep> steps) {
    if (steps.empty()) {
      whole = true;
      return;
    }
    if (const auto* name = std::get_if<std::string>(&steps.front())) {
      const auto found = std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.first == *name; });
      Node& child = found == members.end() ? members.emplace_back(*name, Node{}).second : found->second;
      child.add(steps.subspan(1));
      return;
    }
    const std::uint32_t index = std::get<std::uint32_t>(steps.front());
    const auto place = std::lower_bound(elements.begin(), elements.end(), index,
                                        [](const auto& element, std::uint32_t i) { return element.first < i; });
    const bool present = place != elements.end() && place->first == index;
    Node& child = present ? place->second : elements.emplace(place, index, Node{})->second;
    child.add(steps.subspan(1));
  }

  /// Appends what is wanted of `value`; appends nothing and returns false where it has none of it.
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
    } else if (value.get_if<AttributeValue::Map>() != nullptr) {
      out += R"({"M":{)";
      for (const auto& [name, child] : members) {
        const AttributeValue* member = value.member(name);
        if (member == nullptr) continue;
        std::string head = any ? "," : "";
        json::append_string(name, head);
        head += ':';
        any = append_part(child, *member, head, out) || any;
      }
      out += "}}";
    }
    if (!any) out.resize(start);
    return any;
  }

  static bool append_part(const Node& node, const AttributeValue& value, std::string_view head, std::string& out) {
    const std::size_t start = out.size();
    out += head;
    if (node.append(value, out)) return true;
    out.resize(start);
    return false;
  }
};

Projection::Projection(std::vector<Path> paths) : paths_(std::move(paths)) {
  const bool top_level_only =
      std::all_of(paths_.begin(), paths_.end(), [](const Path& path) { return path.steps.empty(); });
  if (top_level_only) return;
  auto root = std::make_shared<Node>();
  for (const Path& path : paths_) {
    std::vector<PathStep> steps{path.attribute};
    steps.insert(steps.end(), path.steps.begin(), path.steps.end());
    root->add(steps);
  }
  root_ = std::move(root);
}

void Projection::append_json(const json::Item& item, std::string& out) const {
  out += '{';
  const std::size_t start = out.size();
  const auto append_name = [&](const std::string& name) {
    if (out.size() > start) out += ',';
    json::append_string(name, out);
    out += ':';
  };
  if (root_ == nullptr) {
    for (const Path& path : paths_) {
      const std::size_t before = out.size();
      append_name(path.attribute);
      if (!item.append_attribute(path.attribute, out)) out.resize(before);
    }
  } else {
    for (const auto& [name, node] : root_->members) {
      const std::size_t before = out.size();
      append_name(name);
      if (node.whole) {
        if (!item.append_attribute(name, out)) out.resize(before);
        continue;
      }
      const AttributeValue* value = item.find(name);
      if (value == nullptr || !node.append(*value, out)) out.resize(before);
    }
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
