#include "expression/path.h"

#include <algorithm>

#include "core/limits.h"

namespace stator::expression {
namespace {

/// A tree of paths by their steps: finds out whether a new path overlaps or conflicts with an earlier one without
/// comparing all pairs.
class PathTree {
 public:
  /// Returns false if the path overlaps or conflicts with one added before.
  bool add(const Path& path) {
    bool apart = true;
    Node* node = &roots_[path.attribute];
    for (const PathStep& step : path.steps) {
      apart = apart && !node->ends && !has_other_kind(*node, step);
      node = &node->children[step];
    }
    apart = apart && !node->ends && node->children.empty();
    node->ends = true;
    return apart;
  }

 private:
  struct Node {
    bool ends = false;
    std::map<PathStep, Node> children;  // names sort before indexes
  };

  /// Whether an earlier path treats the node as a list and this one as a map, or vice versa.
  static bool has_other_kind(const Node& node, const PathStep& step) {
    if (node.children.empty()) return false;
    const bool names = std::holds_alternative<std::string>(node.children.begin()->first);
    const bool indexes = std::holds_alternative<std::uint32_t>(node.children.rbegin()->first);
    return std::holds_alternative<std::string>(step) ? indexes : names;
  }

  std::map<std::string_view, Node> roots_;
};

}  // namespace

std::string to_text(const Path& path) {
  std::string text = "[" + path.attribute;
  for (const PathStep& step : path.steps) {
    text += ", ";
    if (const auto* name = std::get_if<std::string>(&step)) {
      text += *name;
    } else {
      text += "[" + std::to_string(std::get<std::uint32_t>(step)) + "]";
    }
  }
  return text + "]";
}

PathRelation relation(const Path& one, const Path& two) {
  if (one.attribute != two.attribute) return PathRelation::kApart;
  const std::size_t common = std::min(one.steps.size(), two.steps.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (one.steps[i].index() != two.steps[i].index()) return PathRelation::kConflict;
    if (one.steps[i] != two.steps[i]) return PathRelation::kApart;
  }
  return PathRelation::kOverlap;
}

std::string clash_text(const Path& one, const Path& two) {
  return std::string("Two document paths ") + (relation(one, two) == PathRelation::kOverlap ? "overlap" : "conflict") +
         " with each other; must remove or rewrite one of these paths; path one: " + to_text(one) +
         ", path two: " + to_text(two);
}

namespace {

/// Throws if paths[two] overlaps or conflicts with an earlier path.
void check_against_earlier(ExpressionKind kind, std::span<const Path> paths, std::size_t two) {
  for (std::size_t one = two; one-- > 0;) {
    if (relation(paths[one], paths[two]) != PathRelation::kApart) {
      throw_invalid(kind, clash_text(paths[one], paths[two]));
    }
  }
}

}  // namespace

void check_disjoint(ExpressionKind kind, std::span<const Path> paths) {
  constexpr std::size_t kFewPaths = 16;
  if (paths.size() <= kFewPaths) {
    for (std::size_t two = paths.size(); two-- > 1;) check_against_earlier(kind, paths, two);
    return;
  }
  PathTree tree;
  std::optional<std::size_t> last;  // the last path that overlaps or conflicts with an earlier one
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!tree.add(paths[i])) last = i;
  }
  if (last) check_against_earlier(kind, paths, *last);
}

Path bind_path(ExpressionKind kind, const SyntaxTree& tree, const SyntaxNode& node, Bindings& bindings) {
  const auto name_of = [&](const SyntaxStep& step) {
    if (step.kind == SyntaxStep::Kind::kName) return std::string(step.text);
    const std::string* name = bindings.name(step.text);
    if (name == nullptr) {
      throw_invalid(kind, "An expression attribute name used in the document path is not defined; attribute name: " +
                              std::string(step.text));
    }
    return *name;
  };
  const auto steps = tree.steps_of(node);
  Path path;
  path.attribute = name_of(steps.front());
  path.steps.reserve(steps.size() - 1);
  for (const SyntaxStep& step : steps.subspan(1)) {
    if (step.kind == SyntaxStep::Kind::kIndex) {
      path.steps.emplace_back(step.index);
    } else {
      path.steps.emplace_back(name_of(step));
    }
  }
  if (steps.size() > core::kMaxNestingDepth) {
    throw_invalid(kind,
                  "The document path has too many nesting levels; nesting levels: " + std::to_string(steps.size()));
  }
  return path;
}

SharedValue bind_value(ExpressionKind kind, const SyntaxNode& node, Bindings& bindings) {
  SharedValue value = bindings.value(node.text);
  if (value == nullptr) {
    throw_invalid(kind, "An expression attribute value used in expression is not defined; attribute value: " +
                            std::string(node.text));
  }
  return value;
}

const core::AttributeValue* PathResolver::find(const Path& path, std::size_t steps) {
  const core::AttributeValue* value = item_.find(path.attribute);
  for (std::size_t i = 0; i < steps && value != nullptr; ++i) value = step(*value, path.steps[i]);
  return value;
}

const core::AttributeValue* PathResolver::step(const core::AttributeValue& value, const PathStep& step) {
  if (const auto* name = std::get_if<std::string>(&step)) {
    const auto* map = value.get_if<Map>();
    return map == nullptr ? nullptr : member(*map, *name);
  }
  const auto* list = value.get_if<core::AttributeValue::List>();
  const std::size_t index = std::get<std::uint32_t>(step);
  return list != nullptr && index < list->size() ? &(*list)[index] : nullptr;
}

const core::AttributeValue* PathResolver::member(const Map& map, std::string_view name) {
  constexpr std::size_t kFewMembers = 64;
  constexpr std::size_t kFewSearches = 4;
  const auto find_in_order = [&] {
    const auto found = std::ranges::find(map, name, &core::MapMember::name);
    return found == map.end() ? nullptr : &found->value;
  };
  if (map.size() <= kFewMembers) return find_in_order();
  MapIndex& index = indexes_[&map];
  if (++index.searches <= kFewSearches) return find_in_order();
  const auto name_of = [](const core::MapMember* member) -> const std::string& { return member->name; };
  if (index.by_name.empty()) {
    for (const core::MapMember& member : map) index.by_name.push_back(&member);
    std::ranges::sort(index.by_name, {}, name_of);
  }
  const auto found = std::ranges::lower_bound(index.by_name, name, {}, name_of);
  return found != index.by_name.end() && (*found)->name == name ? &(*found)->value : nullptr;
}

}  // namespace stator::expression
