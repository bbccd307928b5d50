#include "cli/item_printing.h"

#include <array>
#include <cstdio>
#include <ostream>

#include "json/writer.h"
#include "toolkit/plain_json.h"

namespace stator::cli {
namespace {

toolkit::ItemFormat list_format(const Session& session, bool ddb_json) {
  using toolkit::ItemFormat;
  switch (session.output) {
    case OutputFormat::kHuman:
      if (ddb_json) return ItemFormat::kJsonLines;
      return session.out_is_terminal ? ItemFormat::kTable : ItemFormat::kPlainJsonLines;
    case OutputFormat::kJson:
      return ddb_json ? ItemFormat::kJson : ItemFormat::kPlainJson;
    case OutputFormat::kJsonLines:
      return ddb_json ? ItemFormat::kJsonLines : ItemFormat::kPlainJsonLines;
    case OutputFormat::kCsv:
      return ItemFormat::kCsv;
    case OutputFormat::kTable:
      return ItemFormat::kTable;
    case OutputFormat::kPython:
      return ItemFormat::kPython;
  }
  return ItemFormat::kPlainJsonLines;
}

}  // namespace

toolkit::ItemOutputOptions output_options(const Session& session, std::vector<std::string> first_columns) {
  return {.first_columns = std::move(first_columns),
          .width = session.out_is_terminal ? session.columns : 0,
          .colour = session.colour,
          .on_terminal = session.out_is_terminal};
}

ItemPrinter::ItemPrinter(const Session& session, std::vector<std::string> first_columns, bool ddb_json)
    : pager_(session),
      output_(toolkit::make_item_output(list_format(session, ddb_json), *session.out,
                                        output_options(session, std::move(first_columns)))) {}

void print_item(const Session& session, const std::string& item_json, std::vector<std::string> first_columns,
                bool ddb_json) {
  json::Parser parser;
  const json::Object item = parser.parse(item_json).get_object().value();
  if (session.output != OutputFormat::kHuman && session.output != OutputFormat::kJson) {
    const auto output = toolkit::make_item_output(list_format(session, ddb_json), *session.out,
                                                  output_options(session, std::move(first_columns)));
    output->write(item);
    output->finish();
    return;
  }
  std::string plain;
  if (!ddb_json) toolkit::append_plain_item(item, plain);
  *session.out << json::pretty(ddb_json ? item_json : plain, false) << "\n";
}

toolkit::ItemFormat item_format(OutputFormat output) {
  switch (output) {
    case OutputFormat::kJson:
      return toolkit::ItemFormat::kJson;
    case OutputFormat::kJsonLines:
      return toolkit::ItemFormat::kJsonLines;
    case OutputFormat::kCsv:
      return toolkit::ItemFormat::kCsv;
    case OutputFormat::kTable:
      return toolkit::ItemFormat::kTable;
    default:
      return toolkit::ItemFormat::kPython;
  }
}

std::string counted(std::uint64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

void print_cost(const Session& session, const std::string& what, double capacity_units) {
  if (session.quiet) return;
  std::array<char, 32> units{};
  std::snprintf(units.data(), units.size(), "%.10g", capacity_units);
  session.out->flush();
  *session.err << what << ", " << units.data() << (capacity_units == 1 ? " capacity unit" : " capacity units") << "\n";
}

}  // namespace stator::cli
