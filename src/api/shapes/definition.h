#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

/// What a request shape is made of. The tables beside this file are constants built from these types; the walk over
/// them is in shape.cpp (types, and whether anything is wrong at all) and shape_report.cpp (what exactly is wrong).
namespace stator::api::shapes {

/// The JSON a member may hold. kAttributeValue is the one recursive shape, and the hot one, so it is a kind of its own.
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

/// The regular expressions of the service's model; matched by hand (shape_rules.cpp).
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

/// Strings with rules of their own beside length and pattern.
enum class Rule : std::uint8_t {
  kNone,
  /// A table by name (3 to 255 characters, kName) or by ARN (up to 1024 characters).
  kTable,
  /// The same where items are read or written: there an empty name is only too short, by one.
  kItemTable,
  /// Refused at once, outside the list of constraint errors: "TableName must be at least 3 characters long and …".
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
  /// Refused at once: "The parameter 'TableName' is required but was not present in the request"
  kRequiredParameter,
  /// Refused at once: "Invalid TableArn"
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

/// A hash of six bytes: enough to tell the members of one structure apart.
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

/// A perfect hash over a fixed set of names, found when the program is compiled: a lookup is one hash, one read of a
/// table and, by the caller, one comparison.
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
  /// The class of the service's own model, as its messages name it. Structures only.
  std::string_view name{};

  // Structures.
  std::span<const Member> members{};
  const MemberIndex* index = nullptr;
  std::uint32_t required = 0;  // a bit a member

  // Lists and maps. `key` may be null.
  const Shape* element = nullptr;
  const Shape* key = nullptr;

  // Characters of a string (as Java counts them), members of a list or map.
  std::int64_t min_length = 0;
  std::int64_t max_length = kUnbounded;
  // Numbers.
  std::int64_t min_value = kNoMinimum;
  std::int64_t max_value = kUnbounded;
  std::span<const std::string_view> values{};
  Pattern pattern = Pattern::kNone;
  Rule rule = Rule::kNone;
  /// Whether the pattern's message comes before that of the length; in the service this differs by member.
  bool pattern_first = false;
  /// Replaces the whole message where "too few members" is all that is wrong with a request.
  std::string_view lone_too_short{};
  /// The same in regions that deviate from most (api/rollout.h).
  std::string_view lone_too_short_elsewhere{};
  /// Where this is all that is wrong, the message names the member as the request does and shows no value:
  /// "Value at 'Limit' failed to satisfy constraint: …". Newer parts of the service speak so.
  bool newer_form = false;
  /// The same only in regions that deviate from most (api/rollout.h).
  bool newer_form_elsewhere = false;
  /// The same for an empty text alone.
  bool newer_form_if_empty = false;
  /// Replaces the whole sentence of a violation, in a request that lacks nothing it requires.
  std::string_view sentence{};
  /// Checked by the operation, in a request with all required members.
  bool judged_by_operation = false;
  /// Shown in messages as JSON, as it was sent.
  bool shown_as_json = false;
  /// A wrong key of this map is not reported beside anything else.
  bool keys_give_way = false;

  /// Whether a value of a scalar shape can violate anything.
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
