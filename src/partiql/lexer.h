#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "partiql/errors.h"
#include "partiql/keywords.h"

namespace stator::partiql {

enum class TokenKind : std::uint8_t {
  kEnd,
  kWord,        // a name or keyword: letters, digits, '_', '$'; not beginning with a digit
  kQuotedName,  // "…", a quote in it doubled
  kString,      // '…', a quote in it doubled
  kNumber,      // 1, 1.5, .5, 1e3; without sign
  kParameter,   // ?
  kSymbol,      // everything else that the language knows, by its text: "<=", "<<", "(", …
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  Keyword keyword = Keyword::kNone;  // kWord
  std::uint32_t begin = 0;           // bytes into the statement, quotes included
  std::uint32_t end = 0;
  std::string_view text;  // as in the statement

  [[nodiscard]] bool is(Keyword wanted) const { return kind == TokenKind::kWord && keyword == wanted; }
  [[nodiscard]] bool is(std::string_view symbol) const { return kind == TokenKind::kSymbol && text == symbol; }
  [[nodiscard]] bool is_name() const {
    return kind == TokenKind::kQuotedName || (kind == TokenKind::kWord && keyword == Keyword::kNone);
  }
  [[nodiscard]] Span span() const { return {begin, end}; }
};

/// Cuts a statement into tokens, without white space and comments; the last one is kEnd. Like the service, throws for
/// all that is no token before anything is parsed (throw_malformed without detail): unknown characters, unterminated
/// quotes and comments, numbers whose exponent or scale does not fit 32 bits.
std::vector<Token> tokenize(std::string_view statement);

/// The text of a quoted name or string: without its quotes, doubled quotes made single.
std::string unquoted(std::string_view text);

}  // namespace stator::partiql
