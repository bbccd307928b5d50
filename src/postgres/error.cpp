#include "postgres/error.h"

#include <algorithm>
#include <utility>

#include "core/utf8.h"
#include "postgres/mask.h"

namespace stator::postgres {
namespace {

/// How many characters of the statement are shown on each side of the caret.
constexpr std::size_t kContext = 60;

/// The byte at which the character numbered `position` (1-based) begins.
std::size_t byte_of_character(std::string_view text, std::size_t position) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (core::starts_character(text[i]) && ++seen == position) return i;
  }
  return text.size();
}

struct Place {
  std::size_t line;
  std::size_t column;
  std::string_view text;
};

Place find_place(std::string_view statement, const ErrorFields& fields) {
  const std::size_t byte = byte_of_character(statement, fields.position);
  const std::string_view before = statement.substr(0, byte);
  const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  const std::size_t begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const std::size_t end = std::min(statement.find('\n', byte), statement.size());
  return {line, core::count_characters(before.substr(begin)) + 1, statement.substr(begin, end - begin)};
}

std::size_t line_in_text(const Place& place, const ErrorFields& fields) {
  return place.line + std::max<std::size_t>(fields.line, 1) - 1;
}

std::string headline(const ErrorFields& fields) {
  std::string text = one_line(mask_passwords(fields.message));
  if (fields.position > 0 && !fields.statement.empty()) {
    const Place place = find_place(fields.statement, fields);
    const std::size_t column = place.column + (place.line == 1 ? fields.column - 1 : 0);
    text += " at line " + std::to_string(line_in_text(place, fields)) + ", column " + std::to_string(column);
  } else if (fields.line > 0) {
    text += " at line " + std::to_string(fields.line);
  }
  if (!fields.sqlstate.empty()) text += " (SQLSTATE " + fields.sqlstate + ")";
  if (!fields.detail.empty()) text += ": " + one_line(mask_passwords(fields.detail));
  if (!fields.hint.empty()) text += "; hint: " + one_line(mask_passwords(fields.hint));
  return text;
}

}  // namespace

Error::Error(ErrorKind kind, ErrorFields fields)
    : std::runtime_error(headline(fields)), kind_(kind), fields_(std::move(fields)) {}

std::string Error::explained() const {
  std::string text = what();
  if (fields_.statement.empty()) return text;
  const std::string statement = mask_passwords(fields_.statement);
  if (fields_.position == 0) {
    const std::string flat = one_line(statement);
    const std::size_t end = byte_of_character(flat, 2 * kContext + 1);
    return text + "\n  statement: " + flat.substr(0, end) + (end < flat.size() ? "..." : "");
  }
  const Place place = find_place(statement, fields_);
  const std::size_t column = place.column - 1;
  const std::size_t first = column > kContext ? column - kContext : 0;
  const std::size_t begin = byte_of_character(place.text, first + 1);
  const std::size_t end = byte_of_character(place.text, column + kContext + 1);
  const std::string lead = "  line " + std::to_string(line_in_text(place, fields_)) + ": ";
  text += "\n" + lead + std::string(place.text.substr(begin, end - begin)) + "\n" + std::string(lead.size(), ' ');
  // A tab stays a tab, so that the caret is below its character at any tab stops.
  const std::size_t caret = byte_of_character(place.text, column + 1);
  for (const char byte : place.text.substr(begin, caret - begin)) {
    if (core::starts_character(byte)) text += byte == '\t' ? '\t' : ' ';
  }
  return text + "^";
}

std::string one_line(std::string_view text) {
  std::string out;
  bool blank = false;
  for (const char byte : text) {
    if (static_cast<unsigned char>(byte) <= ' ') {
      blank = !out.empty();
      continue;
    }
    if (blank) out += ' ';
    blank = false;
    out += byte;
  }
  return out;
}

}  // namespace stator::postgres
