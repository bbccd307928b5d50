#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stator::postgres {

/// A statement of a SQL text.
struct SqlStatement {
  /// From its first character to its semicolon. Empty where only blanks and comments are left.
  std::string_view text;
  /// Its keywords and unquoted names, in upper case: none of comments, literals, dollar quotes and quoted names.
  std::vector<std::string> words;
  /// Where it is a command of psql (\connect), which the server does not know: from its backslash to the end of the
  /// line.
  std::string_view psql_command = {};
  /// The lines behind a COPY … FROM STDIN, up to a line `\.` or the end of the text.
  std::optional<std::string_view> rows = {};
  /// What stands between the semicolon before `rows` and the end of its line.
  std::string_view rest_of_line = {};

  [[nodiscard]] bool is_empty() const { return psql_command.empty() && (text.empty() || text == ";"); }
};

/// Reads the statements of a SQL text one after the other, parted as psql parts them. It knows enough of SQL to see
/// where they end and what kind they are; the server does the parsing.
class SqlReader {
 public:
  explicit SqlReader(std::string_view sql) : sql_(sql) {}
  /// nullopt at the end.
  std::optional<SqlStatement> next();

 private:
  bool skip_comment(std::size_t& at) const;
  bool skip_quoted_text(std::size_t& at) const;
  void take_rows(SqlStatement& statement);

  std::string_view sql_;
  std::size_t at_ = 0;
};

/// Whether there is no statement: only blanks and comments.
bool sql_is_empty(std::string_view sql);

/// Where a part of the text begins in it, in bytes.
std::size_t offset_in(std::string_view text, std::string_view part);
/// The line on which the offset lies, from 1.
std::size_t line_of(std::string_view text, std::size_t offset);

/// Whether the first statement's first word is this one, which is in upper case.
bool sql_begins_with(std::string_view sql, std::string_view word);

/// Whether a text may remove data or structure: DROP anywhere (also in ALTER TABLE … DROP, and in the quoted code of a
/// DO), TRUNCATE, DELETE FROM or a MERGE that deletes.
bool sql_destroys(std::string_view sql);

/// Whether the first statement does nothing but read, as far as its words say: a function that it calls may do more.
bool sql_only_reads(std::string_view sql);

/// Whether it does what the server lets a read-only transaction do, and what is no reading all the same: ALTER SYSTEM,
/// a COPY to a file of the server or with a program there (also in the quoted code of a DO), and a DO that leaves its
/// transaction.
bool sql_acts_on_server(std::string_view sql);

/// The first statement that begins or ends a transaction ("COMMIT"), or empty.
std::string sql_transaction_control(std::string_view sql);

/// Whether a comment before the first statement is `-- stator: no transaction`, for what the server refuses in one
/// (CREATE INDEX CONCURRENTLY, VACUUM). Throws Error (kUsage) for another word behind `-- stator:`.
bool sql_refuses_transaction(std::string_view sql);

}  // namespace stator::postgres
