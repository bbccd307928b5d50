#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stator::partiql {

/// The words that PartiQL reserves: unquoted, they are no names. Words that mean something only in one place
/// (RETURNING, MODIFIED, OLD, NEW, OFFSET) are not reserved; the parser knows them by their text.
enum class Keyword : std::uint8_t {
  kNone,      // a name
  kReserved,  // reserved, without a use in the grammar
  kFunction,  // reserved, and the name of a function: COUNT, SIZE, …
  kType,      // reserved, and the name of a type: STRING, BOOL, …
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

/// The keyword that a word is, in any case.
Keyword keyword_of(std::string_view word);

/// Whether two words are the same but for the case of their letters (ASCII).
bool is_same_word(std::string_view word, std::string_view upper_case);

/// The word in lower case (ASCII).
std::string lower_case(std::string_view word);

}  // namespace stator::partiql
