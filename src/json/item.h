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

/// Items between wire, store and expressions. The stored form of an item is canonical wire JSON (docs/architecture.md,
/// decision 1): no white space, minimal escapes, canonical numbers, one type per value.
namespace stator::json {

/// The service checks values in one of two layers, whose messages for bad numbers and duplicate set members differ.
/// PutItem, UpdateItem, DeleteItem, GetItem, BatchGetItem and Query use the current layer; BatchWriteItem, the
/// transactions and Scan the older one. Source: the open conformance suite's captures of October 2026.
struct ValueRules {
  bool older = false;
  /// Allowed levels of nesting; a scalar is one level.
  std::size_t max_levels = core::kMaxNestingDepth;
};
inline constexpr ValueRules kCurrentRules;
inline constexpr ValueRules kOlderRules{.older = true};
/// For values in a transaction's expressions: one more level is allowed if the value is only compared.
inline constexpr ValueRules kTransactionRules{.older = true, .max_levels = core::kMaxNestingDepth + 1};

/// Validates one wire attribute value ({"S":"a"}) as the service does, with its messages, and appends its canonical
/// form to `out`. Returns its DynamoDB size in bytes. Rules: exactly one supported type; valid numbers; NULL must be
/// true; sets must not be empty or have duplicates, and are sorted (strings and binaries by bytes, numbers by value);
/// at most 32 levels. JSON types and base64 must already have been checked by check_shape (api/shape.h), which has the
/// messages for them. Throws ApiError ValidationException.
std::size_t append_normalised(const Value& wire, std::string& out, const ValueRules& rules = kCurrentRules);

/// The same checks; returns the value as a tree.
core::AttributeValue read_value(const Value& wire, const ValueRules& rules = kCurrentRules);

/// Throws ValidationException if an attribute name, at any level, is empty or longer than 65535 bytes.
void check_attribute_name(std::string_view name);

/// Parses one stored value, without the checks above. Throws core::DamageError if it cannot be read.
core::AttributeValue parse_stored(std::string_view stored_value);

/// An item in stored form, owned: its canonical JSON object and its DynamoDB size (names and values).
struct EncodedItem {
  std::string json;
  std::size_t size_bytes = 0;
};

/// Validates and normalises a whole item (`{"pk":{"S":"a"},…}`). Does not check keys or the 400 KB limit.
EncodedItem normalise_item(const Object& wire, const ValueRules& rules = kCurrentRules);

/// The stored text of the value of one top-level attribute; empty if the item has no such attribute. Searches from the
/// start of the item: to find several attributes, use Item.
std::string_view find_attribute(std::string_view stored_json, std::string_view name);

/// An attribute's name as in stored items, without quotes. Equal names have equal stored forms.
std::string escaped_name(std::string_view name);

/// A stored item that expressions can read and update. Top-level attributes are located once and only as far as needed
/// to find those that are asked for; text after them is not scanned. A value is parsed when it is first asked for. The
/// bytes given to the constructor must outlive the Item; results of `find` and `find_mutable` live until that attribute
/// is set or removed. All functions that read the stored text throw core::DamageError if it cannot be read. Not safe to
/// use from two threads at once, not even for reading.
class Item {
 public:
  Item() = default;  // no attributes
  explicit Item(std::string_view stored_json);

  [[nodiscard]] bool empty() const { return attribute_count() == 0; }
  [[nodiscard]] std::size_t attribute_count() const {
    locate_all();
    return count_;
  }
  /// Scans the whole item, but does not parse values. For callers that copy the item and must notice damage.
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
  /// Returns the parsed value, or null if the item has no such attribute.
  [[nodiscard]] const core::AttributeValue* find(std::string_view name) const;
  /// The same for changing the value in place; the attribute is then written from the tree.
  core::AttributeValue* find_mutable(std::string_view name);
  void set(std::string_view name, core::AttributeValue value);
  bool remove(std::string_view name);

  /// Appends the wire form of one attribute's value; returns false if it is absent.
  bool append_attribute(std::string_view name, std::string& out) const;
  /// Appends the whole item as canonical JSON.
  void append_json(std::string& out) const;
  /// DynamoDB size of all names and values.
  [[nodiscard]] std::size_t size_bytes() const;
  /// Whether both have the same attributes with equal values; the order of attributes and of map and set members is
  /// ignored.
  [[nodiscard]] bool holds_same(const Item& other) const;

 private:
  struct Attribute {
    std::string_view escaped_name;  // as stored, without quotes
    std::string_view stored_value;
    std::unique_ptr<core::AttributeValue> parsed;
    bool changed = false;  // `parsed` is the current value, not `stored_value`
    bool removed = false;
  };

  /// Locates the next attribute in the stored text; returns false if there are no more.
  bool locate_next() const;
  void end_of_stored() const;
  /// Also finds removed attributes, whose slots new values reuse. If it finds none, all attributes have been located.
  Attribute* locate(std::string_view name) const;
  Attribute* locate_escaped(std::string_view escaped_name) const;
  void build_index() const;
  core::AttributeValue& parse(Attribute& attribute) const;
  static void append_attribute_value(const Attribute& attribute, std::string& out);

  std::string_view stored_json_ = "{}";
  /// Positioned after the last located attribute; nullopt if all are located.
  mutable std::optional<StoredReader> unlocated_;
  bool changed_ = false;
  mutable boost::container::small_vector<Attribute, 12> attributes_;
  std::deque<std::string> owned_names_;  // escaped names of added attributes
  mutable std::size_t count_ = 0;        // of located or added attributes, without the removed ones
  // Positions in attributes_ by escaped name; empty until an item with many attributes is searched repeatedly.
  // Attributes added later have a separate index, which grows without moving its entries.
  mutable std::vector<std::uint32_t> index_;
  mutable std::map<std::string_view, std::uint32_t> added_index_;
  mutable std::size_t searches_ = 0;
};

}  // namespace stator::json
