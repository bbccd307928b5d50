#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

/// The types of which request shapes are made. The tables beside this file are constants of these types. They are used
/// by shape.cpp (checks types, and whether anything is wrong) and shape_report.cpp (reports what is wrong).
namespace stator::api::shapes {

/// The JSON that a member may hold. kAttributeValue is a separate kind because it is recursive and on the hot path.
enum class Kind : std::uint8_t {
  kString,
  kBoolean,
  kInteger,
  kLong,
  kDouble,
  kTimestamp,
  kList,
  kMap,
  kStructure,
  kAttributeValue,
};

/// The regular expressions of the service's model; matched by handwritten code (shape_rules.cpp).
enum class Pattern : std::uint8_t {
  kNone,
  kName,
  kAccountId,
  kBucket,
  kClientToken,
  kCsvDelimiter,
  kCsvHeader,
  kImportToken,
  kPrintable,
  kRoleArn,
};

/// Special rules for strings, besides length and pattern.
enum class Rule : std::uint8_t {
  kNone,
  /// A table by name (3 to 255 characters, kName) or by ARN (up to 1024 characters).
  kTable,
  /// The same for reads and writes of items, where an empty name violates only a minimum length of 1.
  kItemTable,
  /// A wrong length is reported at once, outside the list of constraint errors: "TableName must be at least 3
  /// characters long and …".
  kTargetTable,
  kInsightsIndex,
};

inline constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t kNoMinimum = std::numeric_limits<std::int64_t>::min();

struct Shape;

enum class Presence : std::uint8_t {
  kOptional,
  /// "Value null at 'key' failed to satisfy constraint: Member must not be null"
  kRequired,
  /// Reported at once: "The parameter 'TableName' is required but was not present in the request"
  kRequiredParameter,
  /// Reported at once: "Invalid TableArn"
  kRequiredTableArn,
};

struct Member {
  std::string_view name;
  const Shape* shape;
  Presence presence = Presence::kOptional;
};

constexpr Member may(std::string_view name, const Shape& shape) { return {name, &shape, Presence::kOptional}; }
constexpr Member must(std::string_view name, const Shape& shape) { return {name, &shape, Presence::kRequired}; }
constexpr Member parameter(std::string_view name, const Shape& shape) {
  return {name, &shape, Presence::kRequiredParameter};
}

constexpr Member table_arn(std::string_view name, const Shape& shape) {
  return {name, &shape, Presence::kRequiredTableArn};
}

/// A hash of the length and six bytes, enough to distinguish the members of one structure.
struct SampledHash {
  static constexpr std::uint32_t of(std::string_view name) {
    const auto byte = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(name[at])); };
    const std::size_t size = name.size();
    if (size < 2) {
      return size == 0 ? 0 : byte(0);
    }
    std::uint32_t hash = static_cast<std::uint32_t>(size) * 31U + byte(0);
    hash = hash * 131U + byte(1);
    hash = hash * 131U + byte(size / 4);
    hash = hash * 131U + byte(size / 2);
    hash = hash * 131U + byte(size * 3 / 4);
    return hash * 131U + byte(size - 1);
  }
};

/// A hash of every byte.
struct FullHash {
  static constexpr std::uint32_t of(std::string_view name) {
    std::uint32_t hash = 2166136261U;
    for (const char c : name) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    }
    return hash;
  }
};

/// A perfect hash over a fixed set of names, computed at compile time: a lookup is one hash, one read of a table and,
/// by the caller, one comparison.
template <class Hash, std::size_t kSlots>
struct NameIndex {
  static_assert((kSlots & (kSlots - 1)) == 0);
  static constexpr std::uint8_t kEmpty = 0xff;
  std::array<std::uint8_t, kSlots> slots{};
  std::uint32_t seed = 0;

  static constexpr std::size_t slot(std::uint32_t hash, std::uint32_t seed_value) {
    const std::uint32_t mixed = hash * seed_value;
    return (mixed ^ (mixed >> 15U)) % kSlots;
  }
  static constexpr std::size_t slot(std::string_view name, std::uint32_t seed_value) {
    return slot(Hash::of(name), seed_value);
  }
  [[nodiscard]] constexpr std::uint8_t find(std::string_view name) const { return slots[slot(name, seed)]; }
  /// The same by the name's hash.
  [[nodiscard]] constexpr std::uint8_t find(std::uint32_t hash) const { return slots[slot(hash, seed)]; }
};

template <class Index, class Named>
constexpr Index make_index(std::span<const Named> entries) {
  for (std::uint32_t seed = 0x9e3779b1U;; seed += 2) {
    Index index;
    index.seed = seed;
    index.slots.fill(Index::kEmpty);
    bool collided = false;
    for (std::size_t at = 0; at < entries.size() && !collided; ++at) {
      std::uint8_t& place = index.slots[Index::slot(entries[at].name, seed)];
      collided = place != Index::kEmpty;
      place = static_cast<std::uint8_t>(at);
    }
    if (!collided) {
      return index;
    }
  }
}

using MemberIndex = NameIndex<SampledHash, 64>;
inline constexpr std::size_t kMaxMembers = 32;

struct Shape {
  Kind kind = Kind::kString;
  /// The name of the class in the service's messages. Structures only.
  std::string_view name{};

  // Structures.
  std::span<const Member> members{};
  const MemberIndex* index = nullptr;
  std::uint32_t required = 0;  // one bit for each member

  // Lists and maps. `key` may be null.
  const Shape* element = nullptr;
  const Shape* key = nullptr;

  // Length of a string (as Java counts it), or number of members of a list or map.
  std::int64_t min_length = 0;
  std::int64_t max_length = kUnbounded;
  // Numbers.
  std::int64_t min_value = kNoMinimum;
  std::int64_t max_value = kUnbounded;
  std::span<const std::string_view> values{};
  Pattern pattern = Pattern::kNone;
  Rule rule = Rule::kNone;
  /// Whether the message for the pattern comes before that for the length, which in the service differs by member.
  bool pattern_first = false;
  /// Replaces the whole message if having too few members is the only violation in a request.
  std::string_view lone_too_short{};
  /// The same in regions that deviate from most (api/rollout.h).
  std::string_view lone_too_short_where_deviating{};
  /// If this is the only violation, the message names the member as the request does and shows no value: "Value at
  /// 'Limit' failed to satisfy constraint: …". Newer parts of the service do so.
  bool newer_form = false;
  /// The same only in regions that deviate from most (api/rollout.h).
  bool newer_form_where_deviating = false;
  /// The same only for an empty string.
  bool newer_form_if_empty = false;
  /// Replaces the sentence of a violation in requests with all required members.
  std::string_view sentence{};
  /// Whether the operation itself checks the member, in requests with all required members.
  bool checked_by_operation = false;
  /// Whether messages show the value as JSON, as sent.
  bool shown_as_json = false;
  /// Whether a wrong key of this map is not reported if there are other violations.
  bool keys_give_way = false;

  /// Whether the shape has any constraints on values.
  [[nodiscard]] constexpr bool constrained() const {
    return min_length > 0 || max_length != kUnbounded || min_value != kNoMinimum || max_value != kUnbounded ||
           !values.empty() || pattern != Pattern::kNone || rule != Rule::kNone;
  }
};

template <const auto& kMembers>
inline constexpr MemberIndex kIndexOf = make_index<MemberIndex, Member>(std::span<const Member>(kMembers));

/// A structure of the members in `kMembers`, in the order in which the service reports them.
template <const auto& kMembers>
consteval Shape structure(std::string_view name) {
  constexpr std::span<const Member> kAll(kMembers);
  static_assert(kAll.size() <= kMaxMembers);
  Shape shape{.kind = Kind::kStructure, .name = name, .members = kAll, .index = &kIndexOf<kMembers>};
  for (std::size_t at = 0; at < kAll.size(); ++at) {
    if (kAll[at].presence != Presence::kOptional) {
      shape.required |= 1U << at;
    }
  }
  return shape;
}

consteval Shape string(std::int64_t min_length = 0, std::int64_t max_length = kUnbounded,
                       Pattern pattern = Pattern::kNone) {
  return {.kind = Kind::kString, .min_length = min_length, .max_length = max_length, .pattern = pattern};
}

consteval Shape one_of(std::span<const std::string_view> values) { return {.kind = Kind::kString, .values = values}; }

consteval Shape integer(std::int64_t min_value = kNoMinimum, std::int64_t max_value = kUnbounded) {
  return {.kind = Kind::kInteger, .min_value = min_value, .max_value = max_value};
}

consteval Shape long_integer(std::int64_t min_value = kNoMinimum) {
  return {.kind = Kind::kLong, .min_value = min_value};
}

consteval Shape list_of(const Shape& element, std::int64_t min_length = 0, std::int64_t max_length = kUnbounded) {
  return {.kind = Kind::kList, .element = &element, .min_length = min_length, .max_length = max_length};
}

consteval Shape map_of(const Shape& element) { return {.kind = Kind::kMap, .element = &element}; }

inline constexpr Shape kText = string();
inline constexpr Shape kBoolean{.kind = Kind::kBoolean};
inline constexpr Shape kDouble{.kind = Kind::kDouble};
inline constexpr Shape kTimestamp{.kind = Kind::kTimestamp};
inline constexpr Shape kAttributeValue{.kind = Kind::kAttributeValue, .name = "AttributeValue"};

}  // namespace stator::api::shapes
