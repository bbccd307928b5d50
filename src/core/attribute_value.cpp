#include "core/attribute_value.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/limits.h"

namespace stator::core {
namespace {

// In the order of AttributeType.
constexpr std::array<std::string_view, 10> kTypeNames = {"S", "N", "B", "SS", "NS", "BS", "M", "L", "BOOL", "NULL"};

/// Up to this many members a double loop is faster than sorting.
constexpr std::size_t kSmallCollection = 16;

std::size_t total_size(const std::vector<std::string>& members) {
  std::size_t size = 0;
  for (const std::string& member : members) {
    size += member.size();
  }
  return size;
}
std::size_t total_size(const std::vector<Number>& members) { return members.size(); }
std::size_t total_size(const AttributeValue::Map& map) {
  std::size_t size = 0;
  for (const MapMember& member : map) {
    size += member.name.size();
  }
  return size;
}

/// Members are unique, so sets with the same number of members are equal if one contains the other. Sizes are compared
/// first, so that a large set that is compared with very many small ones is not sorted each time.
template <class Member>
bool equal_sets(const std::vector<Member>& left, const std::vector<Member>& right) {
  if (left.size() != right.size() || total_size(left) != total_size(right)) {
    return false;
  }
  if (left == right) {
    return true;
  }
  if (left.size() <= kSmallCollection) {
    return std::all_of(left.begin(), left.end(), [&](const Member& member) {
      return std::find(right.begin(), right.end(), member) != right.end();
    });
  }
  const auto sorted = [](const std::vector<Member>& members) {
    std::vector<const Member*> pointers;
    pointers.reserve(members.size());
    for (const Member& member : members) {
      pointers.push_back(&member);
    }
    std::sort(pointers.begin(), pointers.end(), [](const Member* a, const Member* b) { return *a < *b; });
    return pointers;
  };
  const auto sorted_left = sorted(left);
  const auto sorted_right = sorted(right);
  return std::equal(sorted_left.begin(), sorted_left.end(), sorted_right.begin(),
                    [](const Member* a, const Member* b) { return *a == *b; });
}

bool equal_members(const MapMember& left, const MapMember& right) {
  return left.name == right.name && left.value == right.value;
}

bool equal_maps(const AttributeValue::Map& left, const AttributeValue::Map& right) {
  if (left.size() != right.size() || total_size(left) != total_size(right)) {
    return false;
  }
  const auto sorted = [](const AttributeValue::Map& members) {
    std::vector<const MapMember*> pointers;
    pointers.reserve(members.size());
    for (const MapMember& member : members) {
      pointers.push_back(&member);
    }
    std::sort(pointers.begin(), pointers.end(),
              [](const MapMember* a, const MapMember* b) { return a->name < b->name; });
    return pointers;
  };
  const auto sorted_left = sorted(left);
  const auto sorted_right = sorted(right);
  return std::equal(sorted_left.begin(), sorted_left.end(), sorted_right.begin(),
                    [](const MapMember* a, const MapMember* b) { return equal_members(*a, *b); });
}

bool equal_values(const std::string& left, const std::string& right) { return left == right; }
bool equal_values(const Number& left, const Number& right) { return left == right; }
bool equal_values(bool left, bool right) { return left == right; }
bool equal_values(const AttributeValue::Null&, const AttributeValue::Null&) { return true; }
bool equal_values(const AttributeValue::Binary& left, const AttributeValue::Binary& right) {
  return left.bytes == right.bytes;
}
bool equal_values(const AttributeValue::StringSet& left, const AttributeValue::StringSet& right) {
  return equal_sets(left.members, right.members);
}
bool equal_values(const AttributeValue::NumberSet& left, const AttributeValue::NumberSet& right) {
  return equal_sets(left.members, right.members);
}
bool equal_values(const AttributeValue::BinarySet& left, const AttributeValue::BinarySet& right) {
  return equal_sets(left.members, right.members);
}
bool equal_values(const AttributeValue::List& left, const AttributeValue::List& right) { return left == right; }
bool equal_values(const AttributeValue::Map& left, const AttributeValue::Map& right) { return equal_maps(left, right); }

std::size_t size_of(const std::string& text) { return text.size(); }
std::size_t size_of(const Number& number) { return number.size_bytes(); }
std::size_t size_of(const AttributeValue::Binary& binary) { return binary.bytes.size(); }
std::size_t size_of(const AttributeValue::StringSet& set) { return total_size(set.members); }
std::size_t size_of(const AttributeValue::BinarySet& set) { return total_size(set.members); }
std::size_t size_of(bool) { return 1; }
std::size_t size_of(const AttributeValue::Null&) { return 1; }
std::size_t size_of(const AttributeValue::NumberSet& set) {
  std::size_t size = 0;
  for (const Number& member : set.members) {
    size += member.size_bytes();
  }
  return size;
}
std::size_t size_of(const AttributeValue::List& list) {
  std::size_t size = kContainerSizeBytes;
  for (const AttributeValue& element : list) {
    size += kElementSizeBytes + element.size_bytes();
  }
  return size;
}
std::size_t size_of(const AttributeValue::Map& map) {
  std::size_t size = kContainerSizeBytes;
  for (const MapMember& member : map) {
    size += kElementSizeBytes + member.name.size() + member.value.size_bytes();
  }
  return size;
}

template <class Map>
auto* find_member_value(Map& map, std::string_view name) {
  for (auto& member : map) {
    if (member.name == name) {
      return &member.value;
    }
  }
  return static_cast<decltype(&map.front().value)>(nullptr);
}

}  // namespace

std::string_view type_name(AttributeType type) { return kTypeNames[static_cast<std::size_t>(type)]; }

std::optional<AttributeType> type_from_name(std::string_view name) {
  switch (name.size()) {
    case 1:
      switch (name[0]) {
        case 'S':
          return AttributeType::kString;
        case 'N':
          return AttributeType::kNumber;
        case 'B':
          return AttributeType::kBinary;
        case 'M':
          return AttributeType::kMap;
        case 'L':
          return AttributeType::kList;
        default:
          return std::nullopt;
      }
    case 2:
      if (name[1] != 'S') {
        return std::nullopt;
      }
      switch (name[0]) {
        case 'S':
          return AttributeType::kStringSet;
        case 'N':
          return AttributeType::kNumberSet;
        case 'B':
          return AttributeType::kBinarySet;
        default:
          return std::nullopt;
      }
    case 4:
      if (name == "BOOL") {
        return AttributeType::kBoolean;
      }
      if (name == "NULL") {
        return AttributeType::kNull;
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

AttributeValue::AttributeValue() : storage_(Null{}) {}
AttributeValue::AttributeValue(Storage storage) : storage_(std::move(storage)) {}
AttributeValue::AttributeValue(const AttributeValue&) = default;
AttributeValue::AttributeValue(AttributeValue&&) noexcept = default;
AttributeValue& AttributeValue::operator=(const AttributeValue&) = default;
AttributeValue& AttributeValue::operator=(AttributeValue&&) noexcept = default;
AttributeValue::~AttributeValue() = default;

AttributeValue AttributeValue::string(std::string text) { return Storage(std::move(text)); }
AttributeValue AttributeValue::number(Number value) { return Storage(value); }
AttributeValue AttributeValue::binary(std::string bytes) { return Storage(Binary{std::move(bytes)}); }
AttributeValue AttributeValue::boolean(bool value) { return Storage(value); }
AttributeValue AttributeValue::null() { return {}; }

const AttributeValue* AttributeValue::member(std::string_view name) const {
  const Map* map = get_if<Map>();
  return map == nullptr ? nullptr : find_member_value(*map, name);
}

AttributeValue* AttributeValue::member(std::string_view name) {
  Map* map = get_if<Map>();
  return map == nullptr ? nullptr : find_member_value(*map, name);
}

bool AttributeValue::operator==(const AttributeValue& other) const {
  if (type() != other.type()) {
    return false;
  }
  return std::visit(
      [&](const auto& value) { return equal_values(value, std::get<std::decay_t<decltype(value)>>(other.storage_)); },
      storage_);
}

std::size_t AttributeValue::size_bytes() const {
  return std::visit([](const auto& value) { return size_of(value); }, storage_);
}

std::optional<std::strong_ordering> compare(const AttributeValue& left, const AttributeValue& right) {
  if (left.type() != right.type()) {
    return std::nullopt;
  }
  switch (left.type()) {
    case AttributeType::kString:
      return *left.get_if<std::string>() <=> *right.get_if<std::string>();
    case AttributeType::kNumber:
      return *left.get_if<Number>() <=> *right.get_if<Number>();
    case AttributeType::kBinary:
      return left.get_if<AttributeValue::Binary>()->bytes <=> right.get_if<AttributeValue::Binary>()->bytes;
    default:
      return std::nullopt;
  }
}

const KeyAttribute* KeySchema::find(std::string_view name) const {
  for (const std::vector<KeyAttribute>* attributes : {&hash, &range}) {
    for (const KeyAttribute& attribute : *attributes) {
      if (attribute.name == name) {
        return &attribute;
      }
    }
  }
  return nullptr;
}

}  // namespace stator::core
