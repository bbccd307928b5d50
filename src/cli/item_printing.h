#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/pager.h"
#include "json/reader.h"
#include "toolkit/item_output.h"

/// Prints items in the format of the session's --output.
namespace stator::cli {

/// Prints a list of items on standard output, through a pager on a terminal. Without --output: as a table on a
/// terminal, else as JSON Lines.
class ItemPrinter {
 public:
  /// `first_columns`: the table's keys. `ddb_json`: wire JSON instead of plain JSON.
  ItemPrinter(const Session& session, std::vector<std::string> first_columns, bool ddb_json);
  void write(const json::Object& item) { output_.write(item); }
  void finish() {
    output_.finish();
    pager_.finish();
  }

 private:
  Pager pager_;
  toolkit::ItemWriter output_;
};

/// Prints one item (wire JSON): as indented JSON, or in the format that --output names.
void print_item(const Session& session, const std::string& item_json, std::vector<std::string> first_columns,
                bool ddb_json);

/// The options for printing items, with those for a terminal if standard output is one.
toolkit::ItemOutputOptions output_options(const Session& session, std::vector<std::string> first_columns);

/// The format that --output names for items in wire form; without --output, one line an item as Python prints it.
toolkit::ItemFormat item_format(OutputFormat output);

/// Prints "WHAT, 1.5 capacity units" on standard error; nothing with --quiet.
void print_cost(const Session& session, const std::string& what, double capacity_units);

/// "1 item", "2 items".
std::string counted(std::uint64_t count, const std::string& noun);

}  // namespace stator::cli
