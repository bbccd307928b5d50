#include "expression/path.h"

#include <algorithm>

#include "core/limits.h"

namespace stator::expression {
namespace {

enum class Relation : std::uint8_t { kApart, kOverlap, kConflict };

Relation relation(const Path& one, const Path& two) {
  if (one.attribute != two.attribute) return Relation::kApart;
  const std::size_t common = std::min(one.steps.size(), two.steps.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (one.steps[i].index() != two.steps[i].index()) return Relation::kConflict;
    if (one.steps[i] != two.steps[i]) return Relation::kApart;
  }
  return Relation::kOverlap;
}

[[noreturn]] void throw_not_disjoint(ExpressionKind kind, Relation relation, const Path& one, const Path& two) {
  throw_invalid(kind, std::string("Two document paths ") + (relation == Relation::kOverlap ? "overlap" : "conflict") +
                          " with each other; must remove or rewrite one of these paths; path one: " + to_text(one) +
                          ", path two: " + to_text(two));
}

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

void check_disjoint(ExpressionKind kind, std::span<const Path> paths) {
  for (std::size_t two = paths.size(); two-- > 1;) {
    for (std::size_t one = two; one-- > 0;) {
      const Relation found = relation(paths[one], paths[two]);
      if (found != Relation::kApart) throw_not_disjoint(kind, found, paths[one], paths[two]);
    }
  }
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

const core::AttributeValue& bind_value(ExpressionKind kind, const SyntaxNode& node, Bindings& bindings) {
  const core::AttributeValue* value = bindings.value(node.text);
  if (value == nullptr) {
    throw_invalid(kind, "An expression attribute value used in expression is not defined; attribute value: " +
                            std::string(node.text));
  }
  return *value;
}

const core::AttributeValue* resolve_steps(const core::AttributeValue* value, std::span<const PathStep> steps) {
  for (const PathStep& step : steps) {
    if (value == nullptr) return nullptr;
    if (const auto* name = std::get_if<std::string>(&step)) {
      value = value->member(*name);
      continue;
    }
    const auto* list = value->get_if<core::AttributeValue::List>();
    const std::size_t index = std::get<std::uint32_t>(step);
    value = list != nullptr && index < list->size() ? &(*list)[index] : nullptr;
  }
  return value;
}

const core::AttributeValue* resolve(const json::Item& item, const Path& path) {
  const core::AttributeValue* value = item.find(path.attribute);
  return path.steps.empty() ? value : resolve_steps(value, path.steps);
}

}  // namespace stator::expression
