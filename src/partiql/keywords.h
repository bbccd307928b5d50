#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stator::partiql {

/// The words that PartiQL reserves: without quotes they are not names. Words with a meaning in only one place
/// (RETURNING, MODIFIED, OLD, NEW, OFFSET) are not reserved; the parser compares their text.
enum class Keyword : std::uint8_t {
  kNone,      // a name
  kReserved,  // reserved, but unused in the grammar
  kFunction,  // reserved, and a function's name: COUNT, SIZE, …
  kType,      // reserved, and a type's name: STRING, BOOL, …
  kAll,
  kAnd,
  kAs,
  kAsc,
  kAt,
  kBetween,
  kBy,
  kDelete,
  kDesc,
  kDistinct,
  kExists,
  kFalse,
  kFrom,
  kGroup,
  kHaving,
  kIn,
  kInsert,
  kInto,
  kIs,
  kJoin,
  kLike,
  kLimit,
  kMissing,
  kNot,
  kNull,
  kOr,
  kOrder,
  kRemove,
  kSelect,
  kSet,
  kTrue,
  kUpdate,
  kValue,
  kValues,
  kWhere,
};

/// The keyword for a word in any case.
Keyword keyword_of(std::string_view word);

/// Whether two words are equal, ignoring the case of ASCII letters. `upper_case` has no lower-case letters.
bool is_same_word(std::string_view word, std::string_view upper_case);

/// The word with its ASCII letters in lower case.
std::string lower_case(std::string_view word);

}  // namespace stator::partiql
