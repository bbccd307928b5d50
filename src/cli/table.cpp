#include "cli/table.h"

#include <algorithm>
#include <ostream>

#include "model/text.h"

namespace stator::cli {
namespace {

constexpr std::size_t kPadding = 2;

std::string spaces(std::size_t count) { return std::string(count, ' '); }

std::string centred(const std::string& text, std::size_t width, bool colour) {
  const std::size_t used = std::min(width, model::code_points(text));
  const std::size_t left = (width - used) / 2;
  const std::string shown = colour && !text.empty() ? "\033[1m" + text + "\033[0m" : text;
  return spaces(left) + shown + spaces(width - used - left);
}

std::string rule(const std::vector<std::size_t>& widths) {
  std::string line = "+";
  for (const std::size_t width : widths) line += std::string(width, '-') + "+";
  return line + "\n";
}

std::vector<std::size_t> column_widths(const Table& table) {
  std::size_t columns = table.headings.size();
  for (const auto& row : table.rows) columns = std::max(columns, row.size());
  std::vector<std::size_t> widths(std::max<std::size_t>(columns, 1), 0);
  const auto widen = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i)
      widths[i] = std::max(widths[i], model::code_points(cells[i]) + 2 * kPadding);
  };
  widen(table.headings);
  for (const auto& row : table.rows) widen(row);
  return widths;
}

}  // namespace

void draw(const Table& table, std::ostream& out, bool colour) {
  std::vector<std::size_t> widths = column_widths(table);
  std::size_t inner = widths.size() - 1;
  for (const std::size_t width : widths) inner += width;
  const std::size_t wanted = model::code_points(table.title) + 2 * kPadding;
  if (!table.title.empty() && inner < wanted) {
    widths.back() += wanted - inner;
    inner = wanted;
  }
  out << std::string(inner + 2, '-') << "\n";
  if (!table.title.empty()) out << "|" << centred(table.title, inner, colour) << "|\n" << rule(widths);
  if (!table.headings.empty()) {
    out << "|";
    for (std::size_t i = 0; i < widths.size(); ++i)
      out << centred(i < table.headings.size() ? table.headings[i] : "", widths[i], colour) << "|";
    out << "\n" << rule(widths);
  }
  for (const auto& row : table.rows) {
    out << "|";
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string cell = i < row.size() ? row[i] : "";
      out << spaces(kPadding) << cell << spaces(widths[i] - kPadding - model::code_points(cell)) << "|";
    }
    out << "\n";
  }
  if (!table.rows.empty()) out << rule(widths);
}

}  // namespace stator::cli
