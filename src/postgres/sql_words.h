#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stator::postgres {

/// A statement in a SQL text.
struct SqlStatement {
  /// From its first character to its semicolon. Empty if only blanks and comments are left.
  std::string_view text;
  /// Its keywords and unquoted names, in upper case, without those in comments, literals, dollar quotes and quoted
  /// names.
  std::vector<std::string> words;
  /// A psql command (\connect), which the server does not know, from its backslash to the end of the line; else empty.
  std::string_view psql_command = {};
  /// The lines after a COPY … FROM STDIN, up to a line `\.` or the end of the text.
  std::optional<std::string_view> rows = {};
  /// The text between the semicolon before `rows` and the end of its line.
  std::string_view rest_of_line = {};

  [[nodiscard]] bool is_empty() const { return psql_command.empty() && (text.empty() || text == ";"); }
};

/// Reads the statements of a SQL text one by one, split as psql splits them. It knows enough SQL to see where they end
/// and what kind they are; the server parses them.
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

/// Whether the text has no statement, only blanks and comments.
bool sql_is_empty(std::string_view sql);

/// The offset in bytes at which `part` begins in `text`, which contains it.
std::size_t offset_in(std::string_view text, std::string_view part);
/// The line of the offset, from 1.
std::size_t line_of(std::string_view text, std::size_t offset);

/// Whether the first statement begins with `word`, which is in upper case.
bool sql_begins_with(std::string_view sql, std::string_view word);

/// Whether a text may remove data or structure: DROP anywhere (also in ALTER TABLE … DROP, and in the quoted code of a
/// DO), TRUNCATE, DELETE FROM or a MERGE that deletes.
bool sql_destroys(std::string_view sql);

/// Whether the first statement only reads, as far as its words show: a function that it calls may do more.
bool sql_only_reads(std::string_view sql);

/// Whether a text does more than read in ways that a read-only transaction permits: ALTER SYSTEM, a COPY to a file on
/// the server or with a program there (also in the quoted code of a DO), or a DO that ends its transaction.
bool sql_acts_on_server(std::string_view sql);

/// The first statement that begins or ends a transaction ("COMMIT"), or empty.
std::string sql_transaction_control(std::string_view sql);

/// Whether a comment before the first statement is `-- stator: no transaction`, for statements that the server refuses
/// in a transaction (CREATE INDEX CONCURRENTLY, VACUUM). Throws Error (kUsage) for other words after `-- stator:`.
bool sql_refuses_transaction(std::string_view sql);

}  // namespace stator::postgres
