#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/number.h"

namespace stator::core {

enum class AttributeType : std::uint8_t {
  kString,
  kNumber,
  kBinary,
  kStringSet,
  kNumberSet,
  kBinarySet,
  kMap,
  kList,
  kBoolean,
  kNull,
};

/// The wire name: "S", "N", "B", "SS", "NS", "BS", "M", "L", "BOOL", "NULL".
std::string_view type_name(AttributeType type);
std::optional<AttributeType> type_from_name(std::string_view name);

struct MapMember;

/// One attribute value as a tree in memory. Used where code looks into a value (expressions, keys); stored items and
/// items on their way out stay in wire form (json/item.h). Binary holds the bytes, not base64.
class AttributeValue {
 public:
  struct StringSet {
    std::vector<std::string> members;
  };
  struct NumberSet {
    std::vector<Number> members;
  };
  struct BinarySet {
    std::vector<std::string> members;
  };
  struct Binary {
    std::string bytes;
  };
  using List = std::vector<AttributeValue>;
  /// Names are unique; the order is the request's and has no meaning.
  using Map = std::vector<MapMember>;
  struct Null {};
  /// The alternatives are in the same order as AttributeType.
  using Storage = std::variant<std::string, Number, Binary, StringSet, NumberSet, BinarySet, Map, List, bool, Null>;

  AttributeValue();                 // NULL
  AttributeValue(Storage storage);  // NOLINT(google-explicit-constructor): a value is its storage
  AttributeValue(const AttributeValue&);
  AttributeValue(AttributeValue&&) noexcept;
  AttributeValue& operator=(const AttributeValue&);
  AttributeValue& operator=(AttributeValue&&) noexcept;
  ~AttributeValue();

  static AttributeValue string(std::string text);
  static AttributeValue number(Number value);
  static AttributeValue binary(std::string bytes);
  static AttributeValue boolean(bool value);
  static AttributeValue null();

  [[nodiscard]] AttributeType type() const { return static_cast<AttributeType>(storage_.index()); }
  [[nodiscard]] const Storage& storage() const { return storage_; }
  [[nodiscard]] Storage& storage() { return storage_; }
  template <class T>
  [[nodiscard]] const T* get_if() const {
    return std::get_if<T>(&storage_);
  }
  template <class T>
  [[nodiscard]] T* get_if() {
    return std::get_if<T>(&storage_);
  }

  /// The member of that name; null if this value is not a map or has no such member.
  [[nodiscard]] const AttributeValue* member(std::string_view name) const;
  [[nodiscard]] AttributeValue* member(std::string_view name);

  /// DynamoDB's equality: numbers by value, sets and maps without order, lists with order. Types must match.
  bool operator==(const AttributeValue& other) const;

  /// The number of bytes that DynamoDB charges for this value (without its name). Source: Developer Guide, "DynamoDB
  /// item sizes and formats".
  [[nodiscard]] std::size_t size_bytes() const;

 private:
  Storage storage_;
};

struct MapMember {
  std::string name;
  AttributeValue value;
};

/// Orders two values of the same scalar type S, N or B (UTF-8 bytes, numeric, unsigned bytes). nullopt if the types
/// differ or have no order.
std::optional<std::strong_ordering> compare(const AttributeValue& left, const AttributeValue& right);

/// One attribute of a key schema.
struct KeyAttribute {
  std::string name;
  AttributeType type = AttributeType::kString;  // kString, kNumber or kBinary
  bool operator==(const KeyAttribute&) const = default;
};

/// The key schema of a table (one hash attribute, at most one range attribute) or of an index (a global secondary index
/// may have up to four of each).
struct KeySchema {
  std::vector<KeyAttribute> hash;
  std::vector<KeyAttribute> range;
  /// Returns the key attribute of that name, or null.
  [[nodiscard]] const KeyAttribute* find(std::string_view name) const;
  bool operator==(const KeySchema&) const = default;
};

}  // namespace stator::core
