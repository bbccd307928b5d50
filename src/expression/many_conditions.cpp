#include <algorithm>

#include "expression/condition_node.h"

/// Prepares conditions with very many parts, so that not every part is evaluated for every item.
namespace stator::expression {
namespace {

using core::AttributeValue;

/// Up to this many, a linear search is as fast.
constexpr std::size_t kFew = 16;

bool is_scalar(const AttributeValue& value) { return core::compare(value, value).has_value(); }

}  // namespace

void sort_candidates(ConditionNode& node) {
  if (node.operands.size() <= kFew + 1) return;
  const auto first = node.operands.begin() + 1;
  const auto value_of = [](const Operand& operand) -> const AttributeValue* {
    const auto* value = std::get_if<SharedValue>(&operand.source);
    return value == nullptr || operand.size ? nullptr : value->get();
  };
  const AttributeValue* sample = value_of(*first);
  if (sample == nullptr || !is_scalar(*sample)) return;
  const auto same_kind = [&](const Operand& operand) {
    const AttributeValue* value = value_of(operand);
    return value != nullptr && value->type() == sample->type();
  };
  if (!std::all_of(first, node.operands.end(), same_kind)) return;
  std::sort(first, node.operands.end(), [&](const Operand& a, const Operand& b) {
    const auto order = core::compare(*value_of(a), *value_of(b));
    return order && *order < 0;
  });
  node.candidates_sorted = true;
}

void index_children(ConditionNode& node) {
  if (node.children.size() <= kFew) return;
  ChildrenByAttribute index;
  for (std::uint32_t i = 0; i < node.children.size(); ++i) {
    const ConditionNode& child = node.children[i];
    const auto* path = child.operands.empty() ? nullptr : std::get_if<Path>(&child.operands.front().source);
    if (path == nullptr || !path->steps.empty()) return;
    index.entries.push_back({json::escaped_name(path->attribute), i});
    index.true_if_absent += is_true_if_absent(child) ? 1 : 0;
  }
  std::ranges::sort(index.entries, {}, &ChildrenByAttribute::Entry::escaped_name);
  node.by_attribute = std::move(index);
}

}  // namespace stator::expression
