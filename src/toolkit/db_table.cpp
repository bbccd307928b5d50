#include "toolkit/db_table.h"

#include <algorithm>
#include <array>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "toolkit/text_table.h"

namespace stator::toolkit {
namespace {

/// int8, int2, int4, oid, float4, float8, numeric.
constexpr std::array<std::uint32_t, 7> kNumericTypes{20, 21, 23, 26, 700, 701, 1700};

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

std::string shorten(std::string text, std::size_t limit) {
  if (limit < 4 || display_width(text) <= limit) return text;
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (starts_character(text[i]) && ++seen > limit - 3) return text.substr(0, i) + "...";
  }
  return text;
}

struct Line {
  std::vector<std::string> cells;
};

void write_line(const Line& line, const std::vector<std::size_t>& widths, const std::vector<bool>& right,
                std::ostream& out) {
  std::string text;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const std::string pad(widths[i] - display_width(line.cells[i]), ' ');
    text += i == 0 ? " " : " | ";
    text += right[i] ? pad + line.cells[i] : line.cells[i] + pad;
  }
  text.erase(text.find_last_not_of(' ') + 1);
  out << text << '\n';
}

void write_csv_field(const postgres::Field& field, std::ostream& out) {
  if (!field) return;
  if (!field->empty() && field->find_first_of("\",\r\n") == std::string::npos) {
    out << *field;
    return;
  }
  out << '"';
  for (const char byte : *field) {
    if (byte == '"') out << '"';
    out << byte;
  }
  out << '"';
}

}  // namespace

void write_table(const postgres::Result& result, std::ostream& out, std::size_t max_cell_characters) {
  if (result.columns.empty()) {
    out << result.command << '\n';
    return;
  }
  Line heading;
  std::vector<std::size_t> widths;
  std::vector<bool> right;
  for (const postgres::Column& column : result.columns) {
    heading.cells.push_back(printable(column.name));
    widths.push_back(display_width(heading.cells.back()));
    right.push_back(std::find(kNumericTypes.begin(), kNumericTypes.end(), column.type) != kNumericTypes.end());
  }
  std::vector<Line> lines;
  for (const postgres::Row& row : result.rows) {
    Line line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line.cells.push_back(shorten(printable(row[i].value_or("")), max_cell_characters));
      widths[i] = std::max(widths[i], display_width(line.cells.back()));
    }
    lines.push_back(std::move(line));
  }
  write_line(heading, widths, right, out);
  for (std::size_t i = 0; i < widths.size(); ++i) out << (i == 0 ? "-" : "+-") << std::string(widths[i] + 1, '-');
  out << '\n';
  for (const Line& line : lines) write_line(line, widths, right, out);
  out << '(' << lines.size() << (lines.size() == 1 ? " row)\n" : " rows)\n");
}

void write_csv(const postgres::Result& result, std::ostream& out) {
  for (std::size_t i = 0; i < result.columns.size(); ++i) {
    if (i > 0) out << ',';
    write_csv_field(result.columns[i].name, out);
  }
  if (!result.columns.empty()) out << '\n';
  for (const postgres::Row& row : result.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out << ',';
      write_csv_field(row[i], out);
    }
    out << '\n';
  }
}

}  // namespace stator::toolkit
