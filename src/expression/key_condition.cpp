#include <algorithm>

#include "core/api_error.h"
#include "core/limits.h"
#include "expression/bind_condition.h"
#include "expression/operand_types.h"

namespace stator::expression {

std::optional<KeyOperator> key_operator(Test test) {
  switch (test) {
    case Test::kEqual:
      return KeyOperator::kEqual;
    case Test::kLess:
      return KeyOperator::kLess;
    case Test::kLessOrEqual:
      return KeyOperator::kLessOrEqual;
    case Test::kGreater:
      return KeyOperator::kGreater;
    case Test::kGreaterOrEqual:
      return KeyOperator::kGreaterOrEqual;
    case Test::kBetween:
      return KeyOperator::kBetween;
    case Test::kBeginsWith:
      return KeyOperator::kBeginsWith;
    default:
      return std::nullopt;
  }
}

KeyOperator mirrored(KeyOperator op) {
  switch (op) {
    case KeyOperator::kLess:
      return KeyOperator::kGreater;
    case KeyOperator::kLessOrEqual:
      return KeyOperator::kGreaterOrEqual;
    case KeyOperator::kGreater:
      return KeyOperator::kLess;
    case KeyOperator::kGreaterOrEqual:
      return KeyOperator::kLessOrEqual;
    default:
      return op;
  }
}

namespace {

using core::AttributeValue;

constexpr std::size_t kMaxConditions = core::kMaxIndexHashAttributes + core::kMaxIndexRangeAttributes;
constexpr std::string_view kTooManyConditions = "Conditions can be of length 1 or 2 only";

/// Thrown while a condition is flattened; its message becomes KeyCondition::fault.
struct NotAKeyCondition {
  std::string message;
};

std::string_view unfit_operator_name(Test test) {
  switch (test) {
    case Test::kOr:
      return "OR";
    case Test::kNot:
      return "NOT";
    case Test::kIn:
      return "IN";
    case Test::kNotEqual:
      return "<>";
    case Test::kExists:
      return "attribute_exists";
    case Test::kNotExists:
      return "attribute_not_exists";
    case Test::kHasType:
      return "attribute_type";
    default:
      return "contains";
  }
}

/// `with_values` is false for predicates beyond the limit: they are refused later, after all other faults.
KeyPredicate to_predicate(const ConditionNode& node, KeyOperator op, bool with_values) {
  const auto path_of = [](const Operand& operand) { return std::get_if<Path>(&operand.source); };
  if (op == KeyOperator::kBetween || op == KeyOperator::kBeginsWith) {
    const Operand& first = node.operands.front();
    if (first.size) throw NotAKeyCondition{"KeyConditionExpressions cannot contain nested operations"};
    if (path_of(first) == nullptr) {
      throw NotAKeyCondition{std::string("Invalid condition in KeyConditionExpression: ") +
                             (op == KeyOperator::kBetween ? "BETWEEN" : "begins_with") +
                             " operator must have the key attribute as its first operand"};
    }
  }
  const Path* key = nullptr;
  std::size_t key_at = 0;
  for (std::size_t i = 0; i < node.operands.size(); ++i) {
    if (node.operands[i].size) throw NotAKeyCondition{"KeyConditionExpressions cannot contain nested operations"};
    const Path* path = path_of(node.operands[i]);
    if (path == nullptr) continue;
    if (key != nullptr) {
      throw NotAKeyCondition{
          "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"};
    }
    if (!path->steps.empty()) {
      throw NotAKeyCondition{
          "Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on nested attributes"};
    }
    key = path;
    key_at = i;
  }
  if (key == nullptr) throw NotAKeyCondition{"Invalid condition in KeyConditionExpression: No key attribute specified"};
  KeyPredicate predicate;
  predicate.attribute = key->attribute;
  predicate.op = key_at == 0 ? op : mirrored(op);
  if (!with_values) return predicate;
  predicate.first = *std::get<SharedValue>(node.operands[key_at == 0 ? 1 : 0].source);
  if (op == KeyOperator::kBetween) predicate.second = *std::get<SharedValue>(node.operands[2].source);
  return predicate;
}

void flatten(const ConditionNode& node, std::vector<KeyPredicate>& predicates) {
  if (node.test == Test::kAnd) {
    for (const ConditionNode& child : node.children) flatten(child, predicates);
    return;
  }
  const auto op = key_operator(node.test);
  if (!op) {
    throw NotAKeyCondition{"Invalid operator used in KeyConditionExpression: " +
                           std::string(unfit_operator_name(node.test))};
  }
  KeyPredicate predicate = to_predicate(node, *op, predicates.size() < kMaxConditions);
  const bool repeated = std::any_of(predicates.begin(), predicates.end(),
                                    [&](const KeyPredicate& other) { return other.attribute == predicate.attribute; });
  if (repeated) {
    throw NotAKeyCondition{
        "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key"};
  }
  predicates.push_back(std::move(predicate));
}

// Against a schema ---------------------------------------------------------------------------------------------------

const KeyPredicate* find(const KeyCondition& condition, std::string_view attribute) {
  for (const KeyPredicate& predicate : condition.predicates) {
    if (predicate.attribute == attribute) return &predicate;
  }
  return nullptr;
}

std::size_t key_size_bytes(const AttributeValue& value) { return value.size_bytes(); }

void check_value(const AttributeValue& value, const core::KeyAttribute& key, bool is_hash) {
  if (value.type() != key.type) core::throw_invalid_parameters("Condition parameter type does not match schema type");
  const std::size_t size = key_size_bytes(value);
  if (size == 0) {
    core::throw_validation(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty " +
        std::string(value.type() == core::AttributeType::kString ? "string" : "binary") + " value. Key: " + key.name);
  }
  if (is_hash && size > core::kMaxPartitionKeySizeBytes) {
    core::throw_invalid_parameters("Size of hashkey has exceeded the maximum size limit of2048 bytes");
  }
  if (!is_hash && size > core::kMaxSortKeySizeBytes) {
    core::throw_invalid_parameters("Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
  }
}

void check_predicate(const KeyPredicate& predicate, const core::KeyAttribute& key, bool is_hash) {
  if (predicate.op == KeyOperator::kNotIndexable) {
    core::throw_validation("Attempted conditional constraint is not an indexable operation");
  }
  check_value(predicate.first, key, is_hash);
  if (predicate.op == KeyOperator::kBetween) check_value(predicate.second, key, is_hash);
}

[[noreturn]] void throw_missed(std::string_view attribute) {
  core::throw_validation("Query condition missed key schema element: " + std::string(attribute));
}
[[noreturn]] void throw_not_supported() { core::throw_validation("Query key condition not supported"); }

[[noreturn]] void throw_too_many(const KeyCondition& condition, const core::KeySchema& schema) {
  if (condition.legacy) core::throw_validation(std::string(kTooManyConditions));
  core::throw_validation("The number of query conditions (" + std::to_string(condition.predicates.size()) +
                         ") exceeds the number of key attributes defined in the schema (" +
                         std::to_string(schema.hash.size() + schema.range.size()) + ")");
}

/// For one hash and at most one range attribute: every table and local index, most global indexes.
KeyRange resolve_single(const KeyCondition& condition, const core::KeySchema& schema,
                        const KeyAttributeVisitor& before) {
  const std::size_t count = condition.predicates.size();
  if (count > 2) throw_too_many(condition, schema);
  const core::KeyAttribute& hash_key = schema.hash.front();
  before(hash_key, true);
  if (schema.range.empty() && count > 1) throw_not_supported();
  const KeyPredicate* hash = find(condition, hash_key.name);
  if (hash == nullptr) throw_missed(hash_key.name);
  check_predicate(*hash, hash_key, true);
  if (hash->op != KeyOperator::kEqual) throw_not_supported();
  KeyRange range;
  range.hash.push_back(hash->first);
  if (schema.range.empty()) return range;
  const core::KeyAttribute& range_key = schema.range.front();
  before(range_key, false);
  if (count == 1) return range;
  const KeyPredicate* predicate = find(condition, range_key.name);
  if (predicate == nullptr) throw_missed(range_key.name);
  check_predicate(*predicate, range_key, false);
  if (predicate->op == KeyOperator::kEqual) {
    range.range_equal.push_back(predicate->first);
  } else {
    range.range = *predicate;
  }
  return range;
}

/// For several hash or range attributes: equality on every hash attribute, then on range attributes from the left
/// without a gap; only the last condition may be something other than an equality. Source: Developer Guide, "Global
/// secondary indexes: multi-attribute keys".
KeyRange resolve_composite(const KeyCondition& condition, const core::KeySchema& schema,
                           const KeyAttributeVisitor& before) {
  if (condition.predicates.size() > schema.hash.size() + schema.range.size()) throw_too_many(condition, schema);
  KeyRange range;
  std::size_t used = 0;
  for (const core::KeyAttribute& key : schema.hash) {
    before(key, true);
    const KeyPredicate* predicate = find(condition, key.name);
    if (predicate == nullptr) {
      core::throw_invalid_parameters("All HASH key attributes must have an equality condition; missing: " + key.name);
    }
    check_predicate(*predicate, key, true);
    if (predicate->op != KeyOperator::kEqual) {
      core::throw_invalid_parameters("HASH key attributes must have an equality condition: " + key.name);
    }
    range.hash.push_back(predicate->first);
    ++used;
  }
  std::size_t range_bytes = 0;
  std::string unequal;  // range attributes so far without an equality condition, as listed in the message
  const auto add_unequal = [&unequal](const core::KeyAttribute& key) {
    if (!unequal.empty()) unequal += ", ";
    unequal += key.name;
  };
  for (const core::KeyAttribute& key : schema.range) {
    before(key, false);
    const KeyPredicate* predicate = find(condition, key.name);
    if (predicate == nullptr) {
      add_unequal(key);
      continue;
    }
    check_predicate(*predicate, key, false);
    range_bytes += key_size_bytes(predicate->first);
    if (range_bytes > core::kMaxSortKeySizeBytes) {
      core::throw_invalid_parameters("Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
    }
    if (!unequal.empty()) {
      core::throw_validation("RANGE key attributes " + unequal +
                             " must have equality conditions specified in the query because a condition is present on "
                             "key attribute " +
                             key.name);
    }
    if (predicate->op == KeyOperator::kEqual) {
      range.range_equal.push_back(predicate->first);
    } else {
      range.range = *predicate;
      add_unequal(key);
    }
    ++used;
  }
  if (used != condition.predicates.size()) throw_not_supported();  // the others are on attributes outside the key
  return range;
}

}  // namespace

KeyCondition bind_key_condition(std::string_view text, Bindings& bindings) {
  const SharedSyntax tree = parse_cached(ExpressionKind::kKeyCondition, text);
  const ConditionNode root = bind_tree(ExpressionKind::kKeyCondition, *tree, bindings);
  KeyCondition condition;
  try {
    flatten(root, condition.predicates);
  } catch (NotAKeyCondition& error) {
    condition.fault = std::move(error.message);
  }
  return condition;
}

void check_key_condition(const KeyCondition& condition) {
  if (!condition.fault.empty()) core::throw_validation(condition.fault);
  if (condition.predicates.empty() || condition.predicates.size() > kMaxConditions) {
    core::throw_validation(std::string(kTooManyConditions));
  }
}

KeyRange resolve_key_condition(const KeyCondition& condition, const core::KeySchema& schema,
                               const KeyAttributeVisitor& before) {
  check_key_condition(condition);
  const auto visit = before ? before : KeyAttributeVisitor([](const core::KeyAttribute&, bool) {});
  const bool single = schema.hash.size() == 1 && schema.range.size() <= 1;
  return single ? resolve_single(condition, schema, visit) : resolve_composite(condition, schema, visit);
}

bool holds(const KeyPredicate& predicate, const AttributeValue& value) {
  if (predicate.op == KeyOperator::kBeginsWith) return begins_with(value, predicate.first);
  const auto order = core::compare(value, predicate.first);
  if (!order) return false;
  switch (predicate.op) {
    case KeyOperator::kEqual:
      return *order == 0;
    case KeyOperator::kLess:
      return *order < 0;
    case KeyOperator::kLessOrEqual:
      return *order <= 0;
    case KeyOperator::kGreater:
      return *order > 0;
    case KeyOperator::kGreaterOrEqual:
      return *order >= 0;
    case KeyOperator::kBetween: {
      const auto upper = core::compare(value, predicate.second);
      return *order >= 0 && upper && *upper <= 0;
    }
    default:
      return false;
  }
}

}  // namespace stator::expression
