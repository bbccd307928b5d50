#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace stator::cli {

/// A table as `aws --output table` draws it: a title over the full width, then headings, then rows, with two spaces on
/// each side of a cell. Widths count code points. Without headings the rows follow the title directly. `colour`: title
/// and headings in bold.
struct Table {
  std::string title;
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> rows;
};
void draw(const Table& table, std::ostream& out, bool colour = false);

}  // namespace stator::cli
