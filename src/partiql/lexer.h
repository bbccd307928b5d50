#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "partiql/errors.h"
#include "partiql/keywords.h"

namespace stator::partiql {

enum class TokenKind : std::uint8_t {
  kEnd,
  kWord,        // a name or keyword: letters, digits, '_', '$'; does not start with a digit
  kQuotedName,  // "…"; a quote inside is doubled
  kString,      // '…'; a quote inside is doubled
  kNumber,      // 1, 1.5, .5, 1e3; without a sign
  kParameter,   // ?
  kSymbol,      // any other symbol of the language, identified by its text: "<=", "<<", "(", …
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  Keyword keyword = Keyword::kNone;  // kWord
  std::uint32_t begin = 0;           // byte offset in the statement; includes quotes
  std::uint32_t end = 0;
  std::string_view text;  // as written

  [[nodiscard]] bool is(Keyword wanted) const { return kind == TokenKind::kWord && keyword == wanted; }
  [[nodiscard]] bool is(std::string_view symbol) const { return kind == TokenKind::kSymbol && text == symbol; }
  [[nodiscard]] bool is_name() const {
    return kind == TokenKind::kQuotedName || (kind == TokenKind::kWord && keyword == Keyword::kNone);
  }
  [[nodiscard]] Span span() const { return {begin, end}; }
};

/// Splits a statement into tokens, dropping white space and comments; the last token is kEnd. Like the service, throws
/// for everything that is not a token before anything is parsed (throw_malformed without detail): unknown characters,
/// unterminated quotes and comments, numbers whose exponent or scale does not fit in 32 bits.
std::vector<Token> tokenize(std::string_view statement);

/// The content of a quoted name or string: without its quotes, with doubled quotes made single.
std::string unquoted(std::string_view text);

}  // namespace stator::partiql
