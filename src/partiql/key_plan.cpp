#include "partiql/key_plan.h"

#include <algorithm>
#include <compare>
#include <span>

#include "core/api_error.h"
#include "partiql/bind.h"

namespace stator::partiql {
namespace {

using core::AttributeValue;
using core::throw_validation;
using expression::ConditionNode;
using expression::KeyOperator;
using expression::KeyPredicate;
using expression::Operand;
using expression::Path;
using expression::SharedValue;
using expression::Test;

/// Source: Developer Guide, "PartiQL operators for DynamoDB": IN takes at most 50 values of a hash attribute.
constexpr std::size_t kMaxPartitions = 50;

const Path* path_of(const Operand& operand) { return operand.size ? nullptr : std::get_if<Path>(&operand.source); }
const SharedValue* value_of(const Operand& operand) {
  return operand.size ? nullptr : std::get_if<SharedValue>(&operand.source);
}

bool is_attribute(const Operand& operand, std::string_view name) {
  const Path* path = path_of(operand);
  return path != nullptr && path->steps.empty() && path->attribute == name;
}

/// The test as a key predicate on the attribute; nullopt if it is not one.
std::optional<KeyPredicate> predicate_on(const ConditionNode& node, std::string_view attribute) {
  const auto op = expression::key_operator(node.test);
  if (!op) return std::nullopt;
  KeyPredicate predicate;
  predicate.attribute = attribute;
  const bool turned = node.operands.size() == 2 && is_attribute(node.operands[1], attribute);
  if (turned && *op == KeyOperator::kBeginsWith) return std::nullopt;
  if (!turned && !is_attribute(node.operands.front(), attribute)) return std::nullopt;
  predicate.op = turned ? expression::mirrored(*op) : *op;
  const SharedValue* first = value_of(node.operands[turned ? 0 : 1]);
  if (first == nullptr) return std::nullopt;
  predicate.first = **first;
  if (*op == KeyOperator::kBetween) {
    const SharedValue* second = value_of(node.operands[2]);
    if (second == nullptr) return std::nullopt;
    predicate.second = **second;
  }
  return predicate;
}

/// The value that the test requires the attribute to equal; null if it is another kind of test.
const SharedValue* equal_value(const ConditionNode& node, std::string_view attribute) {
  if (node.test != Test::kEqual) return nullptr;
  if (is_attribute(node.operands[0], attribute)) return value_of(node.operands[1]);
  return is_attribute(node.operands[1], attribute) ? value_of(node.operands[0]) : nullptr;
}

bool mentions(const ConditionNode& node, std::string_view attribute) {
  return std::ranges::any_of(node.operands,
                             [&](const Operand& operand) {
                               const auto* path = std::get_if<Path>(&operand.source);
                               return path != nullptr && path->attribute == attribute;
                             }) ||
         std::ranges::any_of(node.children, [&](const ConditionNode& child) { return mentions(child, attribute); });
}

/// Calls `visit` with each condition of a conjunction.
template <class Visit>
void for_each_conjunct(const ConditionNode& node, Visit& visit) {
  if (node.test == Test::kAnd) {
    for (const ConditionNode& child : node.children) for_each_conjunct(child, visit);
  } else {
    visit(node);
  }
}

// Partitions ---------------------------------------------------------------------------------------------------------

/// One alternative of a condition: a partition, and the condition on its sort key.
struct Branch {
  SharedValue hash;
  std::optional<KeyPredicate> range;
  bool mentions_range = false;  // in a condition that is not a key predicate
};

class BranchFinder {
 public:
  explicit BranchFinder(const core::KeySchema& schema) : hash_(schema.hash.front().name) {
    if (!schema.range.empty()) range_ = schema.range.front().name;
  }

  /// Returns the alternatives; nullopt unless each of them names its partition.
  std::optional<std::vector<Branch>> find(const ConditionNode& node) const {
    switch (node.test) {
      case Test::kOr:
        return find_alternatives(node);
      case Test::kAnd:
        return find_conjunction(node);
      case Test::kIn:
        return find_values(node);
      default:
        break;
    }
    const SharedValue* value = equal_value(node, hash_);
    if (value == nullptr) return std::nullopt;
    return std::vector<Branch>{{*value, std::nullopt, false}};
  }

 private:
  std::optional<std::vector<Branch>> find_alternatives(const ConditionNode& node) const {
    std::vector<Branch> all;
    for (const ConditionNode& child : node.children) {
      auto found = find(child);
      if (!found) return std::nullopt;
      std::ranges::move(*found, std::back_inserter(all));
    }
    return all;
  }

  std::optional<std::vector<Branch>> find_values(const ConditionNode& node) const {
    if (!is_attribute(node.operands.front(), hash_)) return std::nullopt;
    std::vector<Branch> all;
    for (const Operand& candidate : std::span(node.operands).subspan(1)) {
      const SharedValue* value = value_of(candidate);
      if (value == nullptr) return std::nullopt;
      all.push_back({*value, std::nullopt, false});
    }
    return all;
  }

  /// Uses the first conjunct that names partitions, and the first key predicate on the sort key.
  std::optional<std::vector<Branch>> find_conjunction(const ConditionNode& node) const {
    std::optional<std::vector<Branch>> branches;
    std::optional<KeyPredicate> range;
    bool mentions_range = false;
    const auto visit = [&](const ConditionNode& conjunct) {
      if (!branches) {
        branches = find(conjunct);
        if (branches) return;
      }
      if (range_.empty()) return;
      if (!range) {
        range = predicate_on(conjunct, range_);
        if (range) return;
      }
      mentions_range = mentions_range || mentions(conjunct, range_);
    };
    for_each_conjunct(node, visit);
    if (!branches) return std::nullopt;
    for (Branch& branch : *branches) {
      if (!branch.range) branch.range = range;
      branch.mentions_range = branch.mentions_range || mentions_range;
    }
    return branches;
  }

  const std::string_view hash_;
  std::string_view range_;  // empty: the schema has none
};

/// Whether two ranges of sort keys overlap; `second` must not begin before `first`.
bool overlaps(const KeyPredicate& first, const KeyPredicate& second) {
  if (first.op == KeyOperator::kGreater || first.op == KeyOperator::kGreaterOrEqual) return true;
  if (first.op == KeyOperator::kBeginsWith) {
    return second.op == KeyOperator::kLess || second.op == KeyOperator::kLessOrEqual ||
           expression::holds(first, second.first);
  }
  const AttributeValue& end = first.op == KeyOperator::kBetween ? first.second : first.first;
  if (second.op == KeyOperator::kLess || second.op == KeyOperator::kLessOrEqual) return true;
  const auto order = core::compare(second.first, end);
  if (!order) return false;
  if (std::is_lt(*order)) return true;
  return std::is_eq(*order) && first.op != KeyOperator::kLess && second.op != KeyOperator::kGreater;
}

/// The lower bound of a predicate's values; null if there is none.
const AttributeValue* beginning(const KeyPredicate& predicate) {
  return predicate.op == KeyOperator::kLess || predicate.op == KeyOperator::kLessOrEqual ? nullptr : &predicate.first;
}

bool begins_before(const KeyPredicate& a, const KeyPredicate& b) {
  const AttributeValue* left = beginning(a);
  const AttributeValue* right = beginning(b);
  if (left == nullptr || right == nullptr) return left == nullptr && right != nullptr;
  const auto order = core::compare(*left, *right);
  return order && std::is_lt(*order);
}

bool is_same(const KeyPredicate& a, const KeyPredicate& b) {
  return a.op == b.op && a.op == KeyOperator::kEqual && a.first == b.first;
}

[[noreturn]] void throw_overlapping() {
  throw_validation("Overlapping conditions with range keys are not supported in where clause");
}

/// Appends the ranges to read from one partition. Throws if they overlap.
void append_ranges(const KeyPredicate& hash, std::span<const Branch> branches, std::vector<ReadPlan::Range>& out) {
  const auto whole = [&] { out.push_back({hash, std::nullopt}); };
  if (branches.size() == 1) {
    out.push_back({hash, branches.front().range});
    return;
  }
  const auto narrowed = [](const Branch& branch) { return branch.range.has_value(); };
  if (std::ranges::none_of(branches, narrowed)) return whole();
  if (std::ranges::any_of(branches, [](const Branch& branch) { return !branch.range && !branch.mentions_range; })) {
    throw_overlapping();
  }
  if (!std::ranges::all_of(branches, narrowed)) return whole();
  std::vector<KeyPredicate> predicates;
  for (const Branch& branch : branches) predicates.push_back(*branch.range);
  std::ranges::stable_sort(predicates, begins_before);
  predicates.erase(std::unique(predicates.begin(), predicates.end(), is_same), predicates.end());
  for (std::size_t i = 1; i < predicates.size(); ++i) {
    if (overlaps(predicates[i - 1], predicates[i])) throw_overlapping();
  }
  for (KeyPredicate& predicate : predicates) out.push_back({hash, std::move(predicate)});
}

std::vector<ReadPlan::Range> ranges_of(std::vector<Branch> branches, const core::KeySchema& schema) {
  for (const Branch& branch : branches) {
    check_key_type(schema.hash.front(), *branch.hash);
    if (!branch.range) continue;
    check_key_type(schema.range.front(), branch.range->first);
    if (branch.range->op == KeyOperator::kBetween) check_key_type(schema.range.front(), branch.range->second);
  }
  // Groups the branches by partition; partitions are in the statement's order.
  std::vector<std::size_t> order(branches.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    return std::is_lt(*core::compare(*branches[a].hash, *branches[b].hash));
  });
  std::vector<std::pair<std::size_t, std::vector<Branch>>> partitions;
  for (const std::size_t i : order) {
    if (partitions.empty() || !(*partitions.back().second.front().hash == *branches[i].hash)) {
      partitions.push_back({i, {}});
    }
    partitions.back().second.push_back(std::move(branches[i]));
  }
  std::ranges::sort(partitions, {}, [](const auto& partition) { return partition.first; });
  if (partitions.size() > kMaxPartitions) {
    throw_validation("The IN operator is provided with too many operands; number of operands: " +
                     std::to_string(partitions.size()));
  }
  std::vector<ReadPlan::Range> ranges;
  for (const auto& [first, alternatives] : partitions) {
    KeyPredicate hash;
    hash.attribute = schema.hash.front().name;
    hash.first = *alternatives.front().hash;
    append_ranges(hash, alternatives, ranges);
  }
  return ranges;
}

bool says_the_same(const std::optional<KeyPredicate>& a, const KeyPredicate& b) {
  return a && a->op == b.op && a->first == b.first && (a->op != KeyOperator::kBetween || a->second == b.second);
}

/// The conjuncts that are not covered by reading the range; nullopt if there are none.
std::optional<ConditionNode> rest_of(const ConditionNode& where, const ReadPlan::Range& range) {
  std::vector<ConditionNode> rest;
  bool hash_done = false;
  bool range_done = !range.range;
  const auto visit = [&](const ConditionNode& conjunct) {
    const SharedValue* hash = equal_value(conjunct, range.hash.attribute);
    if (!hash_done && hash != nullptr && **hash == range.hash.first) {
      hash_done = true;
      return;
    }
    if (!range_done && says_the_same(predicate_on(conjunct, range.range->attribute), *range.range)) {
      range_done = true;
      return;
    }
    rest.push_back(conjunct);
  };
  for_each_conjunct(where, visit);
  if (rest.empty()) return std::nullopt;
  if (rest.size() == 1) return std::move(rest.front());
  ConditionNode all;
  all.test = Test::kAnd;
  all.children = std::move(rest);
  return all;
}

// ORDER BY -----------------------------------------------------------------------------------------------------------

std::size_t count_partitions(const std::vector<ReadPlan::Range>& ranges) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    count += i == 0 || !(ranges[i].hash.first == ranges[i - 1].hash.first) ? 1 : 0;
  }
  return count;
}

/// Orders the ranges as the statement says. If the sort key is not among the terms, a partition is read backwards, as
/// measured on the service.
void order_ranges(const Statement& statement, const core::KeySchema& schema, ReadPlan& plan) {
  if (statement.order.empty()) return;
  std::optional<bool> hash_descending;
  bool range_descending = true;
  for (const OrderTerm& term : statement.order) {
    const expression::Path path = bind_path(statement, statement.node(term.path));
    if (path.steps.empty() && path.attribute == schema.hash.front().name) {
      hash_descending = term.descending;
    } else if (path.steps.empty() && !schema.range.empty() && path.attribute == schema.range.front().name) {
      range_descending = term.descending;
    } else {
      throw_validation("Attribute " + path.attribute + " in ORDER BY clause must be part of the primary key");
    }
  }
  if (plan.ranges.empty()) {
    throw_validation(
        "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.");
  }
  if (!hash_descending && count_partitions(plan.ranges) > 1) {
    throw_validation(
        "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause.");
  }
  plan.forward = !range_descending;
  std::ranges::stable_sort(plan.ranges, [&](const ReadPlan::Range& a, const ReadPlan::Range& b) {
    const auto order = *core::compare(a.hash.first, b.hash.first);
    if (std::is_neq(order)) return hash_descending.value_or(false) ? std::is_gt(order) : std::is_lt(order);
    if (!a.range || !b.range) return false;
    return range_descending ? begins_before(*b.range, *a.range) : begins_before(*a.range, *b.range);
  });
}

}  // namespace

void check_key_type(const core::KeyAttribute& attribute, const AttributeValue& value) {
  if (value.type() == attribute.type) return;
  throw_validation("Key attribute's data type should match its data type in table's schema: Key " + attribute.name);
}

std::optional<ItemCondition> match_item(const ConditionNode& where, const core::KeySchema& schema) {
  std::vector<std::string_view> names;
  for (const auto& attribute : schema.hash) names.push_back(attribute.name);
  for (const auto& attribute : schema.range) names.push_back(attribute.name);
  ItemCondition item;
  item.key.resize(names.size());
  std::vector<ConditionNode> rest;
  const auto visit = [&](const ConditionNode& conjunct) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const SharedValue* value = equal_value(conjunct, names[i]);
      if (value == nullptr) continue;
      // A repeated equality is dropped; an equality with another value stays in the rest, which is then never true.
      if (item.key[i] == nullptr) {
        item.key[i] = *value;
        return;
      }
      if (**value == *item.key[i]) return;
    }
    rest.push_back(conjunct);
  };
  for_each_conjunct(where, visit);
  if (std::ranges::find(item.key, nullptr) != item.key.end()) return std::nullopt;
  if (rest.size() == 1) item.rest = std::move(rest.front());
  if (rest.size() > 1) {
    item.rest.emplace();
    item.rest->test = Test::kAnd;
    item.rest->children = std::move(rest);
  }
  return item;
}

ReadPlan plan_read(const Statement& statement, std::optional<ConditionNode> where, const core::KeySchema& schema) {
  if (!statement.order.empty() && !where) {
    throw_validation("Must have WHERE clause in the statement when using ORDER BY clause.");
  }
  ReadPlan plan;
  if (where) {
    if (auto branches = BranchFinder(schema).find(*where)) plan.ranges = ranges_of(std::move(*branches), schema);
    plan.keyed = !plan.ranges.empty() && where->test != Test::kOr;
    if (plan.ranges.size() == 1 && where->test != Test::kOr && where->test != Test::kIn) {
      plan.filter = rest_of(*where, plan.ranges.front());
    } else {
      plan.filter = std::move(where);
    }
  }
  order_ranges(statement, schema, plan);
  return plan;
}

}  // namespace stator::partiql
