#include "partiql/errors.h"

#include <string>

#include "core/api_error.h"
#include "core/utf8.h"

namespace stator::partiql {

void throw_malformed(std::string_view detail) {
  core::throw_validation("Statement wasn't well formed, can't be processed: " + std::string(detail));
}

void throw_at(std::string_view message, std::string_view statement, Span where) {
  std::size_t line = 1;
  std::size_t column = 1;
  std::size_t length = 0;
  for (std::size_t i = 0; i < where.end && i < statement.size(); ++i) {
    if (!core::starts_character(statement[i])) continue;
    if (i >= where.begin) {
      ++length;
    } else if (statement[i] == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  core::throw_validation(std::string(message) + " at " + std::to_string(line) + ":" + std::to_string(column) + ":" +
                         std::to_string(length));
}

}  // namespace stator::partiql
