#include "partiql/lexer.h"

#include <array>
#include <charconv>
#include <limits>
#include <string>

namespace stator::partiql {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; }
bool is_white(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f'; }

/// Longer symbols come first.
constexpr std::array<std::string_view, 29> kSymbols = {"<<", ">>", "<=", "<>", ">=", "!=", "||", "(", ")", "[",
                                                       "]",  "{",  "}",  "<",  ">",  "=",  ",",  ".", ":", ";",
                                                       "*",  "+",  "-",  "/",  "%",  "@",  "^",  "|", "&"};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> run() {
    skip_between();
    while (at_ < text_.size()) {
      next();
      skip_between();
    }
    begin_ = at_;
    add(TokenKind::kEnd);
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void add(TokenKind kind) {
    Token token;
    token.kind = kind;
    token.begin = static_cast<std::uint32_t>(begin_);
    token.end = static_cast<std::uint32_t>(at_);
    token.text = text_.substr(begin_, at_ - begin_);
    if (kind == TokenKind::kWord) token.keyword = keyword_of(token.text);
    tokens_.push_back(token);
  }

  /// Skips white space and comments.
  void skip_between() {
    for (;;) {
      while (is_white(peek())) ++at_;
      if (text_.substr(at_).starts_with("--")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text_.substr(at_).starts_with("/*")) {
        const auto end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) throw_malformed();
        at_ = end + 2;
      } else {
        return;
      }
    }
  }

  void next() {
    begin_ = at_;
    const char c = peek();
    if (begins_word(c)) {
      while (begins_word(peek()) || is_digit(peek())) ++at_;
      return add(TokenKind::kWord);
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (c == '\'' || c == '"') return quoted(c);
    if (c == '?') {
      ++at_;
      return add(TokenKind::kParameter);
    }
    for (const std::string_view symbol : kSymbols) {
      if (!text_.substr(at_).starts_with(symbol)) continue;
      at_ += symbol.size();
      if (symbol == "|" || symbol == "&") break;
      return add(TokenKind::kSymbol);
    }
    throw_malformed();
  }

  void quoted(char quote) {
    ++at_;
    for (;;) {
      at_ = text_.find(quote, at_);
      if (at_ == std::string_view::npos) throw_malformed();
      ++at_;
      if (peek() != quote) break;
      ++at_;
    }
    add(quote == '"' ? TokenKind::kQuotedName : TokenKind::kString);
  }

  void number() {
    while (is_digit(peek())) ++at_;
    std::int64_t fraction_digits = 0;
    if (peek() == '.') {
      ++at_;
      for (; is_digit(peek()); ++at_) ++fraction_digits;
    }
    std::int64_t exponent = 0;
    if (peek() == 'e' || peek() == 'E') exponent = read_exponent();
    const std::int64_t scale = fraction_digits - exponent;
    if (scale < std::numeric_limits<std::int32_t>::min() || scale > std::numeric_limits<std::int32_t>::max()) {
      throw_malformed();
    }
    add(TokenKind::kNumber);
  }

  /// Throws if the exponent does not fit in 32 bits.
  std::int64_t read_exponent() {
    ++at_;
    if (peek() == '+') ++at_;
    std::int32_t exponent = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), exponent);
    if (error != std::errc{}) throw_malformed();
    at_ += static_cast<std::size_t>(end - begin);
    return exponent;
  }

  const std::string_view text_;
  std::size_t begin_ = 0;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view statement) { return Lexer(statement).run(); }

std::string unquoted(std::string_view text) {
  const char quote = text.front();
  std::string content;
  content.reserve(text.size() - 2);
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    content += text[i];
    if (text[i] == quote) ++i;
  }
  return content;
}

}  // namespace stator::partiql
