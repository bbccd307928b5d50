#include "expression/lexer.h"

namespace stator::expression {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_part(char c) { return is_letter(c) || is_digit(c) || c == '_'; }
bool is_continuation_byte(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::vector<Token> tokenize(std::string_view text) {
  std::vector<Token> tokens;
  tokens.reserve(text.size() / 4 + 2);
  std::size_t at = 0;
  const auto run = [&](auto&& accepts) {
    while (at < text.size() && accepts(text[at])) ++at;
  };
  while (true) {
    run(is_space);
    if (at == text.size()) break;
    const std::size_t begin = at;
    const char c = text[at++];
    TokenKind kind = TokenKind::kUnknown;
    if (is_letter(c)) {
      kind = TokenKind::kWord;
      run(is_word_part);
    } else if (c == '#' || c == ':') {
      run(is_word_part);
      if (at > begin + 1) kind = c == '#' ? TokenKind::kNamePlaceholder : TokenKind::kValuePlaceholder;
    } else if (is_digit(c)) {
      kind = TokenKind::kInteger;
      if (c != '0') run(is_digit);
    } else if (c == '<' || c == '>') {
      kind = TokenKind::kSymbol;
      if (at < text.size() && (text[at] == '=' || (c == '<' && text[at] == '>'))) ++at;
    } else if (std::string_view("=()[],.+-").find(c) != std::string_view::npos) {
      kind = TokenKind::kSymbol;
    } else {
      run(is_continuation_byte);  // messages quote whole UTF-8 characters
    }
    tokens.push_back({kind, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at)});
  }
  const auto end = static_cast<std::uint32_t>(text.size());
  tokens.push_back({TokenKind::kEnd, end, end});
  return tokens;
}

}  // namespace stator::expression
