#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/attribute_value.h"
#include "expression/bindings.h"
#include "json/item.h"

/// DynamoDB's expression language. A text is parsed once (a bounded, thread-safe cache keeps syntax trees by text and
/// kind) and bound to a request's names and values; the result is one of the small programs below. Every fault throws
/// ApiError ValidationException with the service's message ("Invalid FilterExpression: …").
namespace stator::expression {

/// A step of a document path after its first attribute name: a member name or a list index.
using PathStep = std::variant<std::string, std::uint32_t>;

/// A document path with names resolved: a.b[3].
struct Path {
  std::string attribute;        // top level
  std::vector<PathStep> steps;  // deeper
  bool operator==(const Path&) const = default;
};

struct ConditionNode;

/// The parameter that a condition comes from; errors name it ("Invalid ConditionExpression: …").
enum class ConditionKind : std::uint8_t { kCondition, kFilter };

/// A condition or filter, ready to be tested. Immutable; copies share its data.
class Condition {
 public:
  explicit Condition(std::shared_ptr<const ConditionNode> root);
  [[nodiscard]] bool matches(const json::Item& item) const;
  /// Appends each top-level attribute name the condition mentions (a filter may not name key attributes).
  void append_attributes(std::vector<std::string>& out) const;
  /// Appends the attributes that have a nested path in the condition (a.b, a[0]): these must not be key attributes.
  void append_nested_attributes(std::vector<std::string>& out) const;

 private:
  std::shared_ptr<const ConditionNode> root_;
  bool remembers_;  // whether an evaluation caches answers that it may need again
};

Condition bind_condition(std::string_view text, ConditionKind kind, Bindings& bindings);

/// The comparisons that a key condition may contain.
enum class KeyOperator : std::uint8_t {
  kEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kBetween,
  kBeginsWith,
  kNotIndexable,  // allowed by the shape of KeyConditions (NE, CONTAINS, …), but refused by resolve_key_condition
};

struct KeyPredicate {
  std::string attribute;
  KeyOperator op = KeyOperator::kEqual;
  core::AttributeValue first;
  core::AttributeValue second;  // kBetween only
};

/// A KeyConditionExpression (or KeyConditions) as a flat conjunction in the order written, not yet checked against a
/// schema.
struct KeyCondition {
  std::vector<KeyPredicate> predicates;
  /// Set if the expression is valid as a condition but not as a key condition; see check_key_condition.
  std::string fault;
  /// Comes from KeyConditions, whose error for too many conditions has different words.
  bool legacy = false;
};

/// Checks the expression as any condition. Faults that only make it invalid as a key condition ("Invalid operator used
/// in KeyConditionExpression: OR") are stored in `fault`: the service reports them after it has read all expressions.
KeyCondition bind_key_condition(std::string_view text, Bindings& bindings);

/// Throws the condition's fault, if any. Called after all expressions were bound and before the table is looked up.
void check_key_condition(const KeyCondition& condition);

/// What a query reads from one table or index: one value for each hash attribute; equality on the first
/// `range_equal.size()` range attributes; then at most one other predicate on the next range attribute.
struct KeyRange {
  std::vector<core::AttributeValue> hash;
  std::vector<core::AttributeValue> range_equal;
  std::optional<KeyPredicate> range;
};

/// Checks the condition against a key schema. Throws the service's errors: "Query condition missed key schema element:
/// pk", "Query key condition not supported", type mismatches ("One or more parameter values were invalid: Condition
/// parameter type does not match schema type"), empty and oversized key values, and so on.
/// `before` is called for each key attribute just before its condition is checked: at that point the service checks the
/// attribute's part of ExclusiveStartKey. It may be empty.
using KeyAttributeVisitor = std::function<void(const core::KeyAttribute& attribute, bool hash)>;
KeyRange resolve_key_condition(const KeyCondition& condition, const core::KeySchema& schema,
                               const KeyAttributeVisitor& before = {});

/// Whether a key value satisfies the predicate on its attribute.
bool holds(const KeyPredicate& predicate, const core::AttributeValue& value);

/// A projection: which paths of an item to return.
class Projection {
 public:
  explicit Projection(std::vector<Path> paths);
  /// Appends the projected item as JSON. Paths that the item lacks are left out; list elements are packed (a[0], a[5]).
  void append_json(const json::Item& item, std::string& out) const;
  [[nodiscard]] const std::vector<Path>& paths() const { return paths_; }

 private:
  struct Node;
  struct Places;

  /// Number of the wanted top-level attributes, which are in the order written.
  [[nodiscard]] std::size_t attribute_count() const;
  [[nodiscard]] const std::string& name(std::size_t i) const;
  /// Appends the wanted part of one of them; returns false if the item has nothing of it.
  bool append_value(std::size_t i, const json::Item& item, std::string& out) const;

  std::vector<Path> paths_;
  std::shared_ptr<const Node> root_;      // the paths as a tree; null if all are top level
  std::shared_ptr<const Places> places_;  // null if there are few attributes
};

Projection bind_projection(std::string_view text, Bindings& bindings);

struct UpdateProgram;

/// An update (SET, REMOVE, ADD, DELETE), ready to be applied. Immutable; copies share its data.
class Update {
 public:
  explicit Update(std::shared_ptr<const UpdateProgram> program);
  /// Changes `item` as the expression says; every right-hand side is evaluated on the item as it was before. Throws
  /// ValidationException ("The provided expression refers to an attribute that does not exist in the item", "An operand
  /// in the update expression has an incorrect data type", …), which leaves `item` in an undefined state. `item_exists`
  /// is false if the item does not exist yet and `item` contains only its key: then REMOVE of a path into a missing
  /// attribute does nothing; otherwise it is an error.
  void apply(json::Item& item, bool item_exists = true) const;
  /// Whether it creates a missing item: updates with only REMOVE and DELETE do not.
  [[nodiscard]] bool creates_item() const;
  /// The paths that it writes, for UPDATED_OLD and UPDATED_NEW, and for the check that no key attribute is updated.
  [[nodiscard]] const std::vector<Path>& paths() const;
  /// The type that paths()[index] will have, if the request alone determines it: a value, a sum, a list_append.
  [[nodiscard]] std::optional<core::AttributeType> known_type(std::size_t index) const;
  /// Appends the attributes that have a nested path, written or read, in the update (a.b, a[0]).
  void append_nested_attributes(std::vector<std::string>& names) const;
  /// The size of the expression, which UpdateItem (but not transactions) adds to the item's size before it compares
  /// that with the limit. 0 for AttributeUpdates, which are not counted.
  /// Source: undocumented; measured on the service byte by byte by the open conformance suite, October 2026.
  [[nodiscard]] std::size_t statement_size_bytes() const;

 private:
  std::shared_ptr<const UpdateProgram> program_;
};

/// Checks syntax, operand types, overlapping and conflicting paths.
Update bind_update(std::string_view text, Bindings& bindings);

}  // namespace stator::expression
