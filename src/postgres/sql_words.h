#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stator::postgres {

/// A keyword or unquoted name of a SQL text, in upper case.
struct SqlWord {
  std::string text;
  bool begins_statement = false;
};

/// All such words, without those in comments (nested ones too), string literals of all forms, dollar quotes and quoted
/// names. Enough to see what kind of statements a text holds; the server does the parsing.
std::vector<SqlWord> sql_words(std::string_view sql);

/// Whether a text may remove data or structure: DROP anywhere (also in ALTER TABLE … DROP), TRUNCATE or DELETE FROM.
bool sql_destroys(std::string_view sql);

/// Whether a text has a COPY … FROM STDIN: its rows stand behind it, and only psql sends them.
bool sql_copies_from_client(std::string_view sql);

/// The first statement that begins or ends a transaction ("COMMIT"), or empty.
std::string sql_transaction_control(std::string_view sql);

}  // namespace stator::postgres
