#include "toolkit/text_table.h"

#include <algorithm>
#include <array>
#include <ostream>

#include "core/hexadecimal.h"
#include "core/utf8.h"

namespace stator::toolkit {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};
/// Wide characters (Unicode Standard Annex 11, W and F) and emoji, by their blocks.
constexpr std::array<Range, 12> kWide = {{{0x1100, 0x115F},
                                          {0x2E80, 0x303E},
                                          {0x3041, 0xA4CF},
                                          {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},
                                          {0xFE30, 0xFE6F},
                                          {0xFF00, 0xFF60},
                                          {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x1F64F},
                                          {0x1F680, 0x1F6FF},
                                          {0x1F900, 0x1FAFF},
                                          {0x20000, 0x3FFFD}}};
constexpr std::array<Range, 6> kZero = {
    {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}}};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const Range& range) { return c >= range.first && c <= range.last; });
}

std::size_t width_of(char32_t c) {
  if (is_in(kZero, c)) return 0;
  return is_in(kWide, c) ? 2 : 1;
}

constexpr std::string_view kEllipsis = "…";
constexpr std::size_t kGap = 2;
/// No column is made narrower than this.
constexpr std::size_t kLeastWidth = 8;

std::string cut(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  std::size_t used = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t next = at;
    used += width_of(core::next_code_point(text, next));
    if (used + 1 > width) break;
    at = next;
  }
  return std::string(text.substr(0, at)) + std::string(kEllipsis);
}

/// Narrows the widest columns until all fit, but none below kLeastWidth.
void fit(std::vector<std::size_t>& widths, std::size_t width) {
  const auto total = [&] {
    std::size_t sum = widths.empty() ? 0 : kGap * (widths.size() - 1);
    for (const std::size_t each : widths) sum += each;
    return sum;
  };
  while (total() > width) {
    const auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= kLeastWidth) return;
    // Narrow to the width of the next widest column, or by the excess.
    std::size_t second = kLeastWidth;
    for (const std::size_t each : widths) {
      if (each < *widest) second = std::max(second, each);
    }
    *widest -= std::max<std::size_t>(1, std::min(*widest - second, total() - width));
  }
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) width += width_of(core::next_code_point(text, at));
  return width;
}

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const char32_t c = core::next_code_point(text, at);
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (is_control_character(c) && c < 0x100) {
      out += "\\x";
      core::append_hexadecimal_byte(static_cast<char>(c), out, core::kHexadecimalCapitals);
    } else if (is_control_character(c)) {
      out += "\\u";
      core::append_hexadecimal(static_cast<std::uint16_t>(c), out, core::kHexadecimalCapitals);
    } else {
      out += text.substr(start, at - start);
    }
  }
  return out;
}

TextTable::TextTable(std::vector<std::string> columns) : columns_(std::move(columns)) {
  for (std::size_t i = 0; i < columns_.size(); ++i) places_.emplace(columns_[i], i);
}

void TextTable::set(const std::string& column, Cell cell) {
  const auto [place, is_new] = places_.try_emplace(column, columns_.size());
  if (is_new) columns_.push_back(column);
  if (row_.size() <= place->second) row_.resize(place->second + 1);
  row_[place->second] = std::move(cell);
}

void TextTable::end_row() {
  rows_.push_back(std::move(row_));
  row_.clear();
}

void TextTable::draw(std::ostream& out, std::size_t width, bool bold_headings) const {
  if (rows_.empty()) return;
  // Escaped once, for measuring and writing.
  std::vector<std::vector<Cell>> shown{{}};
  for (const std::string& column : columns_) shown.front().push_back({printable(column), false});
  for (const auto& row : rows_) {
    std::vector<Cell>& cells = shown.emplace_back();
    for (const Cell& cell : row) cells.push_back({printable(cell.text), cell.right});
  }
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& row : shown) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i].text));
  }
  bool left_out = false;
  if (width > 0) {
    fit(widths, width);
    std::size_t end = 0;
    for (std::size_t i = 0; i < widths.size() && !left_out; ++i) {
      const bool is_last = i + 1 == widths.size();
      end += widths[i] + (i == 0 ? 0 : kGap);
      // Leave room for the mark that stands for further columns.
      if (i > 0 && end + (is_last ? 0 : kGap + 1) > width) {
        widths.resize(i);
        left_out = true;
      }
    }
  }
  for (std::size_t r = 0; r < shown.size(); ++r) {
    const bool bold = r == 0 && bold_headings;
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const Cell none;
      const Cell& cell = i < shown[r].size() ? shown[r][i] : none;
      const std::string text = cut(cell.text, widths[i]);
      const std::string fill(widths[i] - std::min(widths[i], display_width(text)), ' ');
      line += (i == 0 ? "" : std::string(kGap, ' ')) + (cell.right ? fill + text : text + fill);
    }
    if (left_out) line += std::string(kGap, ' ') + std::string(kEllipsis);
    line.erase(line.find_last_not_of(' ') + 1);
    out << (bold ? "\033[1m" : "") << line << (bold ? "\033[0m" : "") << "\n";
  }
}

}  // namespace stator::toolkit
