#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <span>

#include "core/byte_search.h"
#include "expression/condition_node.h"
#include "expression/operand_types.h"
#include "expression/path.h"

namespace stator::expression {
namespace {

using core::AttributeType;
using core::AttributeValue;

/// Length in Java's characters: UTF-16 code units.
std::int64_t length_of(std::string_view utf8) {
  std::int64_t length = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) == 0x80U) continue;
    length += byte >= 0xF0U ? 2 : 1;
  }
  return length;
}

std::optional<std::int64_t> size_of(const AttributeValue& value) {
  const auto count = [](const auto& members) { return static_cast<std::int64_t>(members.size()); };
  switch (value.type()) {
    case AttributeType::kString:
      return length_of(*value.get_if<std::string>());
    case AttributeType::kBinary:
      return count(value.get_if<AttributeValue::Binary>()->bytes);
    case AttributeType::kStringSet:
      return count(value.get_if<AttributeValue::StringSet>()->members);
    case AttributeType::kNumberSet:
      return count(value.get_if<AttributeValue::NumberSet>()->members);
    case AttributeType::kBinarySet:
      return count(value.get_if<AttributeValue::BinarySet>()->members);
    case AttributeType::kMap:
      return count(*value.get_if<AttributeValue::Map>());
    case AttributeType::kList:
      return count(*value.get_if<AttributeValue::List>());
    default:
      return std::nullopt;
  }
}

/// An operand's value for one item; null if the item has none.
class Evaluated {
 public:
  Evaluated() = default;
  explicit Evaluated(const AttributeValue* value) : value_(value) {}
  explicit Evaluated(std::int64_t size) : size_(AttributeValue::number(core::Number(size))) {}

  explicit operator bool() const { return get() != nullptr; }
  const AttributeValue& operator*() const { return *get(); }
  const AttributeValue* operator->() const { return get(); }
  /// Whether the value is a size computed here, and so not part of the item or the request.
  [[nodiscard]] bool is_computed() const { return size_.has_value(); }

 private:
  [[nodiscard]] const AttributeValue* get() const { return size_ ? &*size_ : value_; }

  const AttributeValue* value_ = nullptr;
  std::optional<AttributeValue> size_;
};

template <class Accepts>
bool ordered(const Evaluated& left, const Evaluated& right, Accepts accepts) {
  if (!left || !right) return false;
  const auto order = core::compare(*left, *right);
  return order && accepts(*order);
}

template <class Members, class Member>
bool has(const Members& members, const Member& member) {
  return std::find(members.begin(), members.end(), member) != members.end();
}

/// Whether `part` is part of a string or binary, or a member of a set or list.
bool is_part(const AttributeValue& part, const AttributeValue& whole) {
  switch (whole.type()) {
    case AttributeType::kString: {
      const auto* text = part.get_if<std::string>();
      return text != nullptr && core::contains_bytes(*whole.get_if<std::string>(), *text);
    }
    case AttributeType::kBinary: {
      const auto* binary = part.get_if<AttributeValue::Binary>();
      return binary != nullptr && core::contains_bytes(whole.get_if<AttributeValue::Binary>()->bytes, binary->bytes);
    }
    case AttributeType::kStringSet: {
      const auto* text = part.get_if<std::string>();
      return text != nullptr && has(whole.get_if<AttributeValue::StringSet>()->members, *text);
    }
    case AttributeType::kNumberSet: {
      const auto* number = part.get_if<core::Number>();
      return number != nullptr && has(whole.get_if<AttributeValue::NumberSet>()->members, *number);
    }
    case AttributeType::kBinarySet: {
      const auto* binary = part.get_if<AttributeValue::Binary>();
      return binary != nullptr && has(whole.get_if<AttributeValue::BinarySet>()->members, binary->bytes);
    }
    case AttributeType::kList:
      return has(*whole.get_if<AttributeValue::List>(), part);
    default:
      return false;
  }
}

/// Whether comparing the value may take long.
bool is_large(const AttributeValue& value) {
  constexpr std::size_t kLargeTextBytes = 512;
  constexpr std::size_t kLargeCollection = 16;
  switch (value.type()) {
    case AttributeType::kString:
      return value.get_if<std::string>()->size() > kLargeTextBytes;
    case AttributeType::kBinary:
      return value.get_if<AttributeValue::Binary>()->bytes.size() > kLargeTextBytes;
    case AttributeType::kStringSet:
      return value.get_if<AttributeValue::StringSet>()->members.size() > kLargeCollection;
    case AttributeType::kNumberSet:
      return value.get_if<AttributeValue::NumberSet>()->members.size() > kLargeCollection;
    case AttributeType::kBinarySet:
      return value.get_if<AttributeValue::BinarySet>()->members.size() > kLargeCollection;
    case AttributeType::kMap:
    case AttributeType::kList:
      return true;
    default:
      return false;
  }
}

/// Tests one condition on one item. An expression of 4 KB can test a large value a thousand times ("a = :v OR a = :v OR
/// …"), so answers about large values are cached.
class Evaluation {
 public:
  Evaluation(const json::Item& item, bool remembers) : item_(item), resolver_(item), remembers_(remembers) {}

  bool is_true(const ConditionNode& node) {
    const auto child_is_true = [&](const ConditionNode& child) { return is_true(child); };
    switch (node.test) {
      case Test::kAnd:
        return is_indexed(node) ? is_true_by_attribute(node)
                                : std::all_of(node.children.begin(), node.children.end(), child_is_true);
      case Test::kOr:
        return is_indexed(node) ? is_true_by_attribute(node)
                                : std::any_of(node.children.begin(), node.children.end(), child_is_true);
      case Test::kNot:
        return !is_true(node.children.front());
      case Test::kAlways:
        return true;
      default:
        return is_true_test(node);
    }
  }

 private:
  /// Whether iterating over the item's attributes is faster than iterating over the children.
  [[nodiscard]] bool is_indexed(const ConditionNode& node) const {
    return item_.attribute_count() < node.by_attribute.entries.size();
  }

  bool is_true_by_attribute(const ConditionNode& node) {
    const bool all = node.test == Test::kAnd;
    const auto& entries = node.by_attribute.entries;
    std::size_t met = 0;
    std::size_t met_true_if_absent = 0;
    bool decided = false;  // AND: a child is false; OR: a child is true
    item_.for_each_escaped_name([&](std::string_view name) {
      const auto found = std::ranges::lower_bound(entries, name, {}, &ChildrenByAttribute::Entry::escaped_name);
      if (decided || found == entries.end() || found->escaped_name != name) return;
      const ConditionNode& child = node.children[found->child];
      ++met;
      met_true_if_absent += is_true_if_absent(child) ? 1 : 0;
      decided = is_true(child) != all;
    });
    if (decided) return !all;
    const std::size_t absent_true = node.by_attribute.true_if_absent - met_true_if_absent;
    const std::size_t absent = entries.size() - met;
    return all ? absent_true == absent : absent_true > 0;
  }

  Evaluated evaluate(const Operand& operand) {
    const auto* path = std::get_if<Path>(&operand.source);
    const AttributeValue* value = path != nullptr ? resolver_.find(*path) : std::get<SharedValue>(operand.source).get();
    if (!operand.size || value == nullptr) return Evaluated(value);
    const auto size = remember(sizes_, value, value, [&] { return size_of(*value); });
    return size ? Evaluated(*size) : Evaluated();
  }

  bool is_true_test(const ConditionNode& node) {
    const Evaluated first = evaluate(node.operands.front());
    if (node.test == Test::kExists) return static_cast<bool>(first);
    if (node.test == Test::kNotExists) return !first;
    if (node.test == Test::kHasType) return first && first->type() == node.type;
    if (node.test == Test::kIn) return is_in(first, node);
    const Evaluated second = evaluate(node.operands[1]);
    switch (node.test) {
      case Test::kEqual:
        return equal(first, second);
      case Test::kNotEqual:
        return !equal(first, second);
      case Test::kLess:
        return ordered(first, second, [](auto order) { return order < 0; });
      case Test::kLessOrEqual:
        return ordered(first, second, [](auto order) { return order <= 0; });
      case Test::kGreater:
        return ordered(first, second, [](auto order) { return order > 0; });
      case Test::kGreaterOrEqual:
        return ordered(first, second, [](auto order) { return order >= 0; });
      case Test::kBeginsWith:
        return first && second && begins_with(*first, *second);
      case Test::kContains:
        return first && second && contains(first, second);
      case Test::kNotContains:
        return first && second && !contains(first, second);
      case Test::kBetween:
        return ordered(first, second, [](auto order) { return order >= 0; }) &&
               ordered(first, evaluate(node.operands[2]), [](auto order) { return order <= 0; });
      default:
        return true;
    }
  }

  bool is_in(const Evaluated& value, const ConditionNode& node) {
    if (!value) return false;
    const auto candidates = std::span(node.operands).subspan(1);
    if (node.candidates_sorted) {
      const auto at = std::partition_point(candidates.begin(), candidates.end(), [&](const Operand& candidate) {
        const auto order = core::compare(*std::get<SharedValue>(candidate.source), *value);
        return order && *order < 0;
      });
      return at != candidates.end() && *std::get<SharedValue>(at->source) == *value;
    }
    return std::any_of(candidates.begin(), candidates.end(),
                       [&](const Operand& candidate) { return equal(value, evaluate(candidate)); });
  }

  bool equal(const Evaluated& left, const Evaluated& right) {
    if (!left || !right || left->type() != right->type()) return false;
    return remember(equal_, Pair(&*left, &*right), &*left, [&] { return *left == *right; });
  }

  bool contains(const Evaluated& whole, const Evaluated& part) {
    const auto find_out = [&] { return is_part(*part, *whole); };
    return part.is_computed() ? find_out() : remember(contained_, Pair(&*whole, &*part), &*whole, find_out);
  }

  /// Returns the answer of `find_out`, cached under `key` if the value `about` is large. Keys are addresses of values
  /// in the item or the request, which do not change during an evaluation.
  template <class Key, class Answer, class FindOut>
  Answer remember(std::map<Key, Answer>& known, const Key& key, const AttributeValue* about, FindOut find_out) {
    if (!remembers_ || !is_large(*about)) return find_out();
    const auto found = known.find(key);
    if (found != known.end()) return found->second;
    return known.emplace(key, find_out()).first->second;
  }

  using Pair = std::pair<const AttributeValue*, const AttributeValue*>;

  const json::Item& item_;
  PathResolver resolver_;
  const bool remembers_;
  std::map<const AttributeValue*, std::optional<std::int64_t>> sizes_;
  std::map<Pair, bool> equal_;
  std::map<Pair, bool> contained_;
};

/// Calls `visit` with each path of the condition.
template <class Visit>
void for_each_path(const ConditionNode& node, Visit& visit) {
  for (const Operand& operand : node.operands) {
    if (const auto* path = std::get_if<Path>(&operand.source)) visit(*path);
  }
  for (const ConditionNode& child : node.children) for_each_path(child, visit);
}

template <class Wanted>
void append_attributes_of(const ConditionNode& root, std::vector<std::string>& out, Wanted wanted) {
  std::set<std::string_view> seen(out.begin(), out.end());
  std::vector<std::string_view> added;
  const auto visit = [&](const Path& path) {
    if (wanted(path) && seen.insert(path.attribute).second) added.push_back(path.attribute);
  };
  for_each_path(root, visit);
  out.insert(out.end(), added.begin(), added.end());
}

std::size_t count_operands(const ConditionNode& node) {
  return std::accumulate(node.children.begin(), node.children.end(), node.operands.size(),
                         [](std::size_t count, const ConditionNode& child) { return count + count_operands(child); });
}

/// A condition with at most this many operands repeats too little for caching to pay off.
constexpr std::size_t kFewOperands = 8;

}  // namespace

bool is_true_if_absent(const ConditionNode& test) {
  return test.test == Test::kNotExists || test.test == Test::kNotEqual;
}

Condition::Condition(std::shared_ptr<const ConditionNode> root)
    : root_(std::move(root)), remembers_(count_operands(*root_) > kFewOperands) {}

bool Condition::matches(const json::Item& item) const { return Evaluation(item, remembers_).is_true(*root_); }

void Condition::append_attributes(std::vector<std::string>& out) const {
  append_attributes_of(*root_, out, [](const Path&) { return true; });
}

void Condition::append_nested_attributes(std::vector<std::string>& out) const {
  append_attributes_of(*root_, out, [](const Path& path) { return !path.steps.empty(); });
}

}  // namespace stator::expression
