#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/attribute_value.h"
#include "core/limits.h"
#include "json/reader.h"
#include "json/stored.h"

/// Items between wire, store and expressions. The stored form of an item is canonical wire JSON
/// (docs/architecture.md, decision 1): no white space, minimal escapes, numbers canonical, one type a value.
namespace stator::json {

/// The service checks values in one of two layers, which differ in their words for bad numbers and duplicate members of
/// sets. The current one serves PutItem, UpdateItem, DeleteItem, GetItem, BatchGetItem and Query; the older one
/// BatchWriteItem, the transactions and Scan. Source: the open conformance suite's captures of October 2026.
struct ValueRules {
  bool older = false;
  /// Levels of nesting, a scalar being the first.
  std::size_t max_levels = core::kMaxNestingDepth;
};
inline constexpr ValueRules kCurrentRules;
inline constexpr ValueRules kOlderRules{.older = true};
/// Values of a transaction's expressions: one level more passes as long as it is only compared.
inline constexpr ValueRules kTransactionRules{.older = true, .max_levels = core::kMaxNestingDepth + 1};

/// Validates one wire attribute value ({"S":"a"}) as the service does, with its messages, and appends its canonical
/// form to `out`. Returns its DynamoDB size in bytes. Rules: exactly one supported type; numbers; NULL must be true;
/// sets not empty and without duplicates, written in order: strings and binaries by bytes, numbers by value;
/// nesting to depth 32. JSON types and base64 must have been checked before, by check_shape (api/shape.h), which has
/// the messages for them. Throws ApiError ValidationException.
std::size_t append_normalised(const Value& wire, std::string& out, const ValueRules& rules = kCurrentRules);

/// The same checks; returns the value as a tree.
core::AttributeValue read_value(const Value& wire, const ValueRules& rules = kCurrentRules);

/// Throws ValidationException where an attribute name, at any level, is empty or longer than 65535 bytes.
void check_attribute_name(std::string_view name);

/// Parses one stored value, without the checks above. Throws core::DamageError where it cannot be read.
core::AttributeValue parse_stored(std::string_view stored_value);

/// An item in stored form, owned: canonical JSON object and its DynamoDB size (names and values).
struct EncodedItem {
  std::string json;
  std::size_t size_bytes = 0;
};

/// Validates and normalises a whole item (`{"pk":{"S":"a"},…}`). Does not check keys or the 400 KB limit.
EncodedItem normalise_item(const Object& wire, const ValueRules& rules = kCurrentRules);

/// The stored text of the value of one top-level attribute; empty where the item has no such attribute. Searches from
/// the start of the item: to find several attributes, use Item.
std::string_view find_attribute(std::string_view stored_json, std::string_view name);

/// An attribute's name as stored items contain it, without its quotes. Equal names have equal stored forms.
std::string escaped_name(std::string_view name);

/// A stored item that expressions can look into and update. Top-level attributes are located once, and no more of them
/// than it takes to find those that are asked for: a long text behind them is not looked at. A value is parsed when it
/// is first asked for. The bytes given to the constructor must outlive the Item; what `find` and `find_mutable` return
/// lives until that attribute is set or removed. Whatever reads the stored text throws core::DamageError where it
/// cannot be read. Not for two threads at once, not even to read.
class Item {
 public:
  Item() = default;  // no attributes
  explicit Item(std::string_view stored_json);

  [[nodiscard]] bool empty() const { return attribute_count() == 0; }
  [[nodiscard]] std::size_t attribute_count() const {
    locate_all();
    return count_;
  }
  /// Looks at all of the item, values from outside. For who copies it and must notice damage.
  void locate_all() const {
    while (locate_next()) {
    }
  }
  /// Calls `visit` with each attribute's name in its stored form (`escaped_name`).
  template <class Visit>
  void for_each_escaped_name(Visit visit) const {
    locate_all();
    for (const Attribute& attribute : attributes_) {
      if (!attribute.removed) visit(attribute.escaped_name);
    }
  }
  /// The parsed value, or null where the item has no such attribute.
  [[nodiscard]] const core::AttributeValue* find(std::string_view name) const;
  /// The same, for changing in place; the attribute is written anew from the tree.
  core::AttributeValue* find_mutable(std::string_view name);
  void set(std::string_view name, core::AttributeValue value);
  bool remove(std::string_view name);

  /// Appends the wire form of one attribute's value; false where absent.
  bool append_attribute(std::string_view name, std::string& out) const;
  /// Appends the whole item as canonical JSON.
  void append_json(std::string& out) const;
  /// DynamoDB size of names and values.
  [[nodiscard]] std::size_t size_bytes() const;
  /// Whether both have the same attributes with equal values; attributes, members of maps and of sets have no order.
  [[nodiscard]] bool holds_same(const Item& other) const;

 private:
  struct Attribute {
    std::string_view escaped_name;  // as stored, without quotes
    std::string_view stored_value;
    std::unique_ptr<core::AttributeValue> parsed;
    bool changed = false;  // `parsed` counts, not `stored_value`
    bool removed = false;
  };

  /// Locates the next attribute of the stored text; false where there are no more.
  bool locate_next() const;
  void end_of_stored() const;
  /// Also finds removed attributes: a new value uses their slot again. Where it finds none, all are located.
  Attribute* locate(std::string_view name) const;
  Attribute* locate_escaped(std::string_view escaped_name) const;
  void build_index() const;
  core::AttributeValue& parse(Attribute& attribute) const;
  static void append_attribute_value(const Attribute& attribute, std::string& out);

  std::string_view stored_json_ = "{}";
  /// Stands after the last attribute that was located; null: all are.
  mutable std::optional<StoredReader> unlocated_;
  bool changed_ = false;
  mutable boost::container::small_vector<Attribute, 12> attributes_;
  std::deque<std::string> owned_names_;  // escaped names of attributes that were added
  mutable std::size_t count_ = 0;        // of those located or added, without the removed ones
  // Positions in attributes_ by escaped name; empty until an item of many attributes is searched repeatedly. Attributes
  // that are added later have an index of their own, which takes any number of them without moving the others.
  mutable std::vector<std::uint32_t> index_;
  mutable std::map<std::string_view, std::uint32_t> added_index_;
  mutable std::size_t searches_ = 0;
};

}  // namespace stator::json
