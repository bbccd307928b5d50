#pragma once

#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stator::toolkit {

/// Rows with named columns, drawn as aligned text: a line of headings, then a line for each row, with two spaces
/// between columns.
class TextTable {
 public:
  struct Cell {
    std::string text;
    /// Align to the right (numbers).
    bool right = false;
  };

  /// `columns` come first, in this order; others follow in the order of their first occurrence.
  explicit TextTable(std::vector<std::string> columns = {});

  void set(const std::string& column, Cell cell);
  void end_row();
  [[nodiscard]] std::size_t row_count() const { return rows_.size(); }

  /// Draws the table at most `width` terminal columns wide (0: any width): long cells are cut with "…", in the widest
  /// columns first, and columns for which no room is left are replaced by one "…". Draws nothing if there are no rows.
  /// Control characters are shown as escapes.
  void draw(std::ostream& out, std::size_t width, bool bold_headings) const;

 private:
  std::vector<std::string> columns_;
  std::map<std::string, std::size_t, std::less<>> places_;
  std::vector<std::vector<Cell>> rows_;
  std::vector<Cell> row_;
};

/// The text's width in terminal columns: wide East Asian characters and emoji take two, combining marks none.
std::size_t display_width(std::string_view text);

/// Whether a terminal interprets the character. Includes characters beyond ASCII: U+009B means ESC [, and marks change
/// the direction of the text after them.
[[nodiscard]] constexpr bool is_control_character(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/// `text` with control characters as escapes (\n, \x1B, \u202E), so that a terminal does not interpret them.
std::string printable(std::string_view text);

}  // namespace stator::toolkit
