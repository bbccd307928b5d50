#include "postgres/sql_words.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "postgres/error.h"

namespace stator::postgres {
namespace {

bool begins_word(char byte) {
  const auto code = static_cast<unsigned char>(byte);
  return std::isalpha(code) != 0 || byte == '_' || code >= 0x80;
}

bool continues_word(char byte) {
  return begins_word(byte) || std::isdigit(static_cast<unsigned char>(byte)) != 0 || byte == '$';
}

bool is_blank(char byte) { return std::isspace(static_cast<unsigned char>(byte)) != 0; }

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

/// The offset after `$tag$ … $tag$`, or after the dollar sign if it does not begin such a quote.
std::size_t skip_dollar_quoted(std::string_view sql, std::size_t at) {
  std::size_t end = at + 1;
  if (end < sql.size() && std::isdigit(static_cast<unsigned char>(sql[end])) != 0) return end;  // $1
  while (end < sql.size() && sql[end] != '$' && continues_word(sql[end])) ++end;
  if (end >= sql.size() || sql[end] != '$') return at + 1;
  const std::string_view tag = sql.substr(at, end + 1 - at);
  const std::size_t close = sql.find(tag, end + 1);
  return close == std::string_view::npos ? sql.size() : close + tag.size();
}

/// Whether the words begin the definition of a function, whose body may be SQL with semicolons in it (BEGIN ATOMIC …
/// END).
bool makes_function(const std::vector<std::string>& words) {
  if (words.empty() || words[0] != "CREATE") return false;
  const std::size_t kind = words.size() > 2 && words[1] == "OR" && words[2] == "REPLACE" ? 3 : 1;
  return words.size() > kind && (words[kind] == "FUNCTION" || words[kind] == "PROCEDURE");
}

bool copies_from_client(const std::vector<std::string>& words) {
  if (words.empty() || words[0] != "COPY") return false;
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (words[i] == "STDIN" && words[i - 1] == "FROM") return true;
  }
  return false;
}

std::string upper_case_word(std::string_view sql, std::size_t& at) {
  std::string word;
  for (; at < sql.size() && continues_word(sql[at]); ++at) {
    word += static_cast<char>(std::toupper(static_cast<unsigned char>(sql[at])));
  }
  return word;
}

bool destroys(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "DROP" || words[i] == "TRUNCATE") return true;
    // DELETE FROM removes rows, also inside a WITH; ON DELETE CASCADE and BEFORE DELETE OR UPDATE do not.
    if (words[i] == "DELETE" && i + 1 < words.size() && words[i + 1] == "FROM") return true;
    if (words[i] == "DELETE" && i > 0 && words[i - 1] == "THEN") return true;  // MERGE … WHEN MATCHED THEN DELETE
  }
  return false;
}

/// Whether a COPY writes to a file on the server. Looks for the last TO, as the copied query may contain that word,
/// too.
bool copies_to_server(const std::vector<std::string>& words) {
  const auto to = std::find(words.rbegin(), words.rend(), "TO");
  return to != words.rend() && (to == words.rbegin() || *std::prev(to) != "STDOUT");
}

/// All words, including those in literals and comments. `$` counts as a blank, as it may precede a word: `$q$DROP`.
std::vector<std::string> words_anywhere(std::string sql) {
  std::ranges::replace(sql, '$', ' ');
  std::vector<std::string> words;
  for (std::size_t at = 0; at < sql.size();) {
    if (begins_word(sql[at])) {
      words.push_back(upper_case_word(sql, at));
    } else {
      ++at;
    }
  }
  return words;
}

}  // namespace

/// Skips a comment that begins at `at`; false if none does.
bool SqlReader::skip_comment(std::size_t& at) const {
  const std::string_view two = sql_.substr(at, 2);
  if (two == "--") {
    at = skip_line_comment(sql_, at);
  } else if (two == "/*") {
    at = skip_block_comment(sql_, at);
  } else {
    return false;
  }
  return true;
}

/// Skips a literal or a quoted name that begins at `at`; false if none does.
bool SqlReader::skip_quoted_text(std::size_t& at) const {
  const std::string_view two = sql_.substr(at, 2);
  if (two[0] == '\'' || two[0] == '"') {
    at = skip_quoted(sql_, at, false);
  } else if (two == "e'" || two == "E'") {
    at = skip_quoted(sql_, at + 1, true);
  } else if (two[0] == '$') {
    at = skip_dollar_quoted(sql_, at);
  } else {
    return false;
  }
  return true;
}

/// Takes the rows of a COPY: the lines after the one with the semicolon, as psql does.
void SqlReader::take_rows(SqlStatement& statement) {
  const std::size_t end_of_line = std::min(sql_.find('\n', at_), sql_.size());
  statement.rest_of_line = sql_.substr(at_, end_of_line - at_);
  const std::size_t begin = std::min(end_of_line + 1, sql_.size());
  for (std::size_t line = begin;;) {
    const std::size_t end = std::min(sql_.find('\n', line), sql_.size());
    std::string_view text = sql_.substr(line, end - line);
    if (text.ends_with('\r')) text.remove_suffix(1);
    const bool is_end = text == "\\.";
    if (is_end || end == sql_.size()) {
      statement.rows = sql_.substr(begin, (is_end ? line : end) - begin);
      at_ = end;
      return;
    }
    line = end + 1;
  }
}

std::optional<SqlStatement> SqlReader::next() {
  if (at_ >= sql_.size()) return std::nullopt;
  SqlStatement statement;
  std::optional<std::size_t> begin;
  std::size_t parentheses = 0;
  std::size_t blocks = 0;  // BEGIN and CASE in a function body of SQL
  while (at_ < sql_.size()) {
    const char byte = sql_[at_];
    if (skip_comment(at_)) continue;
    if (!begin && !is_blank(byte)) begin = at_;
    if (skip_quoted_text(at_)) continue;
    if (begins_word(byte)) {
      std::string word = upper_case_word(sql_, at_);
      if (makes_function(statement.words) && parentheses == 0) {
        if (word == "BEGIN" || (word == "CASE" && blocks > 0)) ++blocks;
        if (word == "END" && blocks > 0) --blocks;
      }
      statement.words.push_back(std::move(word));
      continue;
    }
    if (byte == '\\') {
      // A statement before the command ends here, as psql's \g sends it.
      if (statement.words.empty()) {
        const std::size_t end = skip_line_comment(sql_, at_);
        statement.psql_command = sql_.substr(at_, end - at_);
        at_ = end;
      }
      break;
    }
    ++at_;
    if (byte == '(') ++parentheses;
    if (byte == ')' && parentheses > 0) --parentheses;
    if (byte == ';' && parentheses == 0 && blocks == 0) break;
  }
  const std::size_t first = begin.value_or(at_);
  statement.text = sql_.substr(first, at_ - first);
  if (copies_from_client(statement.words)) take_rows(statement);
  return statement;
}

bool sql_is_empty(std::string_view sql) {
  SqlReader reader(sql);
  while (const auto statement = reader.next()) {
    if (!statement->is_empty()) return false;
  }
  return true;
}

std::size_t offset_in(std::string_view text, std::string_view part) {
  return static_cast<std::size_t>(part.data() - text.data());
}

std::size_t line_of(std::string_view text, std::size_t offset) {
  return static_cast<std::size_t>(std::ranges::count(text.substr(0, offset), '\n')) + 1;
}

bool sql_begins_with(std::string_view sql, std::string_view word) {
  const auto statement = SqlReader(sql).next();
  return statement && !statement->words.empty() && statement->words.front() == word;
}

bool sql_destroys(std::string_view sql) {
  SqlReader reader(sql);
  while (const auto statement = reader.next()) {
    if (destroys(statement->words)) return true;
    // The code of a DO is quoted, but runs.
    if (!statement->words.empty() && statement->words.front() == "DO" &&
        destroys(words_anywhere(std::string(statement->text))))
      return true;
  }
  return false;
}

bool sql_only_reads(std::string_view sql) {
  constexpr std::array<std::string_view, 5> kReading{"SELECT", "TABLE", "VALUES", "WITH", "SHOW"};
  // In a WITH, or in SELECT … INTO and SELECT … FOR UPDATE.
  constexpr std::array<std::string_view, 5> kWriting{"INSERT", "UPDATE", "DELETE", "MERGE", "INTO"};
  const auto statement = SqlReader(sql).next();
  if (!statement || statement->words.empty()) return false;
  const std::vector<std::string>& words = statement->words;
  return std::ranges::find(kReading, words.front()) != kReading.end() &&
         std::ranges::find_first_of(words, kWriting) == words.end();
}

bool sql_acts_on_server(std::string_view sql) {
  // A COPY in the code of a DO is never to the client, and after a COMMIT the code can run in a transaction that
  // writes.
  constexpr std::array<std::string_view, 3> kOfCode{"COPY", "COMMIT", "ROLLBACK"};
  SqlReader reader(sql);
  while (const auto statement = reader.next()) {
    const std::vector<std::string>& words = statement->words;
    const auto has = [&](std::string_view word) { return std::ranges::find(words, word) != words.end(); };
    if (words.size() > 1 && words[0] == "ALTER" && words[1] == "SYSTEM") return true;
    if (!words.empty() && words[0] == "COPY" && (has("PROGRAM") || copies_to_server(words))) return true;
    if (!words.empty() && words[0] == "DO") {
      const std::vector<std::string> code = words_anywhere(std::string(statement->text));
      if (std::ranges::find_first_of(code, kOfCode) != code.end()) return true;
    }
  }
  return false;
}

std::string sql_transaction_control(std::string_view sql) {
  constexpr std::array<std::string_view, 6> kControl{"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"};
  SqlReader reader(sql);
  while (const auto statement = reader.next()) {
    const std::vector<std::string>& words = statement->words;
    if (words.empty()) continue;
    const bool to_savepoint = words[0] == "ROLLBACK" && std::ranges::find(words, "TO") != words.end();
    if (!to_savepoint && std::ranges::find(kControl, words[0]) != kControl.end()) return words[0];
    if (words.size() > 1 && words[0] == "PREPARE" && words[1] == "TRANSACTION") return "PREPARE TRANSACTION";
  }
  return {};
}

bool sql_refuses_transaction(std::string_view sql) {
  constexpr std::string_view kMark = "-- stator:";
  for (std::size_t at = 0; at < sql.size();) {
    const std::size_t end = skip_line_comment(sql, at);
    const std::string line = one_line(sql.substr(at, end - at));
    if (!line.empty() && !line.starts_with("--")) return false;
    if (line.starts_with(kMark)) {
      if (line == std::string(kMark) + " no transaction") return true;
      throw Error(ErrorKind::kUsage, "expected \"" + std::string(kMark) + " no transaction\", found \"" + line + "\"");
    }
    at = end + 1;
  }
  return false;
}

}  // namespace stator::postgres
