#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stator::postgres {

/// A bare word of SQL text: keyword or unquoted name, in capitals.
struct SqlWord {
  std::string text;
  bool begins_statement = false;
};

/// The bare words, skipping comments (nested ones too), string literals in all their forms, dollar quotes and quoted
/// names. Enough to see what kind of statements a text holds; the parsing itself is the server's.
std::vector<SqlWord> sql_words(std::string_view sql);

/// Whether a text can take data or structure away: DROP anywhere (ALTER TABLE … DROP among them), TRUNCATE or DELETE.
bool sql_destroys(std::string_view sql);

/// The first statement that would begin or end a transaction by itself ("COMMIT"), or empty.
std::string sql_transaction_control(std::string_view sql);

}  // namespace stator::postgres
