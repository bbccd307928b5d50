#include "postgres/sql_words.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace stator::postgres {
namespace {

bool begins_word(char byte) {
  const auto code = static_cast<unsigned char>(byte);
  return std::isalpha(code) != 0 || byte == '_' || code >= 0x80;
}

bool continues_word(char byte) {
  return begins_word(byte) || std::isdigit(static_cast<unsigned char>(byte)) != 0 || byte == '$';
}

std::size_t skip_line_comment(std::string_view sql, std::size_t at) { return std::min(sql.find('\n', at), sql.size()); }

std::size_t skip_block_comment(std::string_view sql, std::size_t at) {
  std::size_t depth = 0;
  while (at < sql.size()) {
    if (sql.substr(at, 2) == "/*") {
      ++depth;
      at += 2;
    } else if (sql.substr(at, 2) == "*/") {
      at += 2;
      if (--depth == 0) return at;
    } else {
      ++at;
    }
  }
  return at;
}

/// The offset after a quoted piece. A doubled quote ends it and begins another, which has the same effect.
std::size_t skip_quoted(std::string_view sql, std::size_t at, bool with_escapes) {
  const char quote = sql[at];
  for (++at; at < sql.size(); ++at) {
    if (with_escapes && sql[at] == '\\') {
      ++at;
    } else if (sql[at] == quote) {
      return at + 1;
    }
  }
  return sql.size();
}

/// The offset after `$tag$ … $tag$`, or after the dollar sign where it begins no such quote.
std::size_t skip_dollar_quoted(std::string_view sql, std::size_t at) {
  std::size_t end = at + 1;
  if (end < sql.size() && std::isdigit(static_cast<unsigned char>(sql[end])) != 0) return end;  // $1
  while (end < sql.size() && sql[end] != '$' && continues_word(sql[end])) ++end;
  if (end >= sql.size() || sql[end] != '$') return at + 1;
  const std::string_view tag = sql.substr(at, end + 1 - at);
  const std::size_t close = sql.find(tag, end + 1);
  return close == std::string_view::npos ? sql.size() : close + tag.size();
}

}  // namespace

std::vector<SqlWord> sql_words(std::string_view sql) {
  std::vector<SqlWord> words;
  bool begins_statement = true;
  std::size_t i = 0;
  while (i < sql.size()) {
    const char byte = sql[i];
    if (sql.substr(i, 2) == "--") {
      i = skip_line_comment(sql, i);
    } else if (sql.substr(i, 2) == "/*") {
      i = skip_block_comment(sql, i);
    } else if (byte == '\'' || byte == '"') {
      i = skip_quoted(sql, i, false);
    } else if ((byte == 'e' || byte == 'E') && i + 1 < sql.size() && sql[i + 1] == '\'') {
      i = skip_quoted(sql, i + 1, true);
    } else if (byte == '$') {
      i = skip_dollar_quoted(sql, i);
    } else if (begins_word(byte)) {
      SqlWord word{.text = {}, .begins_statement = begins_statement};
      for (; i < sql.size() && continues_word(sql[i]); ++i) {
        word.text += static_cast<char>(std::toupper(static_cast<unsigned char>(sql[i])));
      }
      words.push_back(std::move(word));
      begins_statement = false;
    } else {
      if (byte == ';') begins_statement = true;
      ++i;
    }
  }
  return words;
}

bool sql_destroys(std::string_view sql) {
  const std::vector<SqlWord> words = sql_words(sql);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i].text;
    if (word == "DROP" || word == "TRUNCATE") return true;
    // DELETE FROM removes rows, also inside a WITH; ON DELETE CASCADE and BEFORE DELETE OR UPDATE do not.
    if (word == "DELETE" && i + 1 < words.size() && words[i + 1].text == "FROM") return true;
  }
  return false;
}

bool sql_copies_from_client(std::string_view sql) {
  const std::vector<SqlWord> words = sql_words(sql);
  bool in_copy = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].begins_statement) in_copy = words[i].text == "COPY";
    if (in_copy && words[i].text == "STDIN" && words[i - 1].text == "FROM") return true;
  }
  return false;
}

std::string sql_transaction_control(std::string_view sql) {
  constexpr std::array<std::string_view, 6> kControl{"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"};
  const std::vector<SqlWord> words = sql_words(sql);
  bool in_body = false;  // of a function in standard SQL, BEGIN ATOMIC …; END
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i].text;
    const std::string_view before = i == 0 ? std::string_view() : words[i - 1].text;
    if (word == "ATOMIC" && before == "BEGIN") in_body = true;
    if (word == "END" && in_body && (words[i].begins_statement || before == "ATOMIC")) {
      in_body = false;
    } else if (words[i].begins_statement) {
      if (std::ranges::find(kControl, word) != kControl.end()) return word;
      if (word == "PREPARE" && i + 1 < words.size() && words[i + 1].text == "TRANSACTION") return "PREPARE TRANSACTION";
    }
  }
  return {};
}

}  // namespace stator::postgres
