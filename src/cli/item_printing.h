#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/pager.h"
#include "json/reader.h"
#include "toolkit/item_output.h"

/// How items are shown: plain JSON or tables for people, by the session's --output.
namespace stator::cli {

/// A list of items on standard output, through a pager where that is a terminal. Without --output it is a table on a
/// terminal and JSON Lines elsewhere.
class ItemPrinter {
 public:
  /// `first_columns`: the table's keys. `ddb_json`: wire JSON instead of plain.
  ItemPrinter(const Session& session, std::vector<std::string> first_columns, bool ddb_json);
  void write(const json::Object& item) { output_->write(item); }
  void finish() { output_->finish(); }

 private:
  Pager pager_;
  std::unique_ptr<toolkit::ItemOutput> output_;
};

/// One item (wire JSON): indented JSON, or in the format that --output names.
void print_item(const Session& session, const std::string& item_json, std::vector<std::string> first_columns,
                bool ddb_json);

/// The format that --output names for items in wire form; without --output a line each as Python prints them.
toolkit::ItemFormat item_format(OutputFormat output);

/// "WHAT, 1.5 capacity units" on standard error; nothing with --quiet, where only results are wanted.
void tell_cost(const Session& session, const std::string& what, double capacity_units);

/// "1 item", "2 items".
std::string counted(std::uint64_t count, const std::string& noun);

}  // namespace stator::cli
