#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace stator::expression {

enum class TokenKind : std::uint8_t {
  kEnd,
  kWord,              // letters, digits and '_', starting with a letter
  kNamePlaceholder,   // #name
  kValuePlaceholder,  // :value
  kInteger,           // 0, or digits that do not start with 0
  kSymbol,            // = <> < <= > >= ( ) [ ] , . + -
  kUnknown,           // anything else, one character at a time
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::uint32_t begin = 0;  // byte offset in the expression
  std::uint32_t end = 0;
};

/// Splits an expression into tokens; the last one is kEnd. Never fails: text that is not a token of the language
/// becomes kUnknown, which the parser reports.
std::vector<Token> tokenize(std::string_view text);

}  // namespace stator::expression
