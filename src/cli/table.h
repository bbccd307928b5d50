#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace stator::cli {

/// Draws a table the way `aws --output table` does: a title over the full width, then headings, then rows, with two
/// spaces beside each cell. Width counts code points. Without columns' headings the rows stand directly below the
/// title. `colour`: the title and headings in bold.
struct Table {
  std::string title;
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> rows;
};
void draw(const Table& table, std::ostream& out, bool colour = false);

}  // namespace stator::cli
