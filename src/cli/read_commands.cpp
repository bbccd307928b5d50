#include <algorithm>
#include <ostream>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/item_printing.h"
#include "cli/progress_bar.h"
#include "cli/target.h"
#include "cli/transfer.h"
#include "toolkit/expression_words.h"
#include "toolkit/page_token.h"
#include "toolkit/scan.h"
#include "toolkit/table_info.h"

/// stator query, scan, count: read many items of any table.
namespace stator::cli {
namespace {

struct ReadOptions {
  std::string table;
  std::vector<std::string> words;
  std::string key_condition;
  toolkit::SortWords sort;
  std::string attributes;
  std::string projection;
  std::string filter;
  std::vector<std::string> where;
  std::string next;
  /// Key attributes that are read so that a later page can start after an item, but are not printed.
  std::vector<std::string> hidden;
  double rate = 0;
  bool approximate = false;
  bool ddb_json = false;
  toolkit::ScanOptions scan;
};

/// The owner of --next tokens (toolkit::page_token).
std::string token_owner(const toolkit::ScanOptions& scan) {
  return (scan.key_condition.empty() ? "scan " : "query ") + scan.table + "/" + scan.index;
}

/// The attributes of a start key: the table's key and, if an index is read, the index's.
std::vector<std::string> start_key_attributes(const toolkit::TableInfo& table, const std::string& index) {
  std::vector<std::string> names = table.key_names();
  const toolkit::IndexInfo* const info = table.find_index(index);
  if (info == nullptr) return names;
  for (const auto* columns : {&info->partition_keys, &info->sort_keys}) {
    for (const toolkit::KeyColumn& column : *columns) {
      if (std::ranges::find(names, column.name) == names.end()) names.push_back(column.name);
    }
  }
  return names;
}

void find_start(const toolkit::TableInfo& table, ReadOptions& options) {
  toolkit::ScanOptions& scan = options.scan;
  scan.start_key_attributes = start_key_attributes(table, scan.index);
  if (options.next.empty()) return;
  const auto start = toolkit::start_key_of_token(token_owner(scan), options.next);
  if (!start)
    throw toolkit::WordError("--next: expected a token that this command printed for the same table" +
                             (scan.index.empty() ? std::string() : " and index " + scan.index));
  scan.start_key = *start;
}

/// If the limit may end the output in the middle of a page, the key of each item must be read, even if --attributes
/// leaves it out. Returns --attributes with the missing key attributes.
std::string with_key(ReadOptions& options) {
  if (options.attributes.empty() || options.scan.limit == 0 || options.scan.filter.empty()) return options.attributes;
  std::string attributes = options.attributes;
  for (const std::string& name : options.scan.start_key_attributes) {
    if (toolkit::names_attribute(options.attributes, name)) continue;
    // A name that cannot be written as a path is not read.
    if (name.find_first_of(".[, \t") != std::string::npos) continue;
    options.hidden.push_back(name);
    attributes += "," + name;
  }
  return attributes;
}

/// The item without the attributes that are not printed.
std::string without_hidden(const json::Object& item, const std::vector<std::string>& hidden) {
  toolkit::RequestBuilder shown;
  for (const auto member : item) {
    if (std::ranges::find(hidden, member.key) == hidden.end())
      shown.json(member.key, std::string(simdjson::minify(member.value)));
  }
  return shown.str();
}

/// The steps that the three commands share: describes the table and makes the expressions.
toolkit::TableInfo prepare(endpoint::Endpoint& endpoint, ReadOptions& options) {
  toolkit::ExpressionWords expression;
  const auto words = toolkit::take_arguments(options.words, expression);
  toolkit::TableInfo table = toolkit::describe_table(endpoint, options.table);
  toolkit::ScanOptions& scan = options.scan;
  scan.table = options.table;
  scan.with_capacity = true;
  if (options.sort.any() && !options.key_condition.empty())
    throw toolkit::WordError("--key-condition covers the whole key; do not combine it with --begins-with and the like");
  if (options.sort.any() && words.empty())
    throw toolkit::WordError("--begins-with and the like narrow a partition: give the partition key's value too");
  if (!options.key_condition.empty()) {
    if (!words.empty()) throw toolkit::WordError("give either --key-condition or \"" + words.front() + "\", not both");
    scan.key_condition = options.key_condition;
  } else if (!words.empty()) {
    scan.key_condition = toolkit::key_condition(table, scan.index, words, options.sort, expression);
  } else if (!scan.index.empty() && table.find_index(scan.index) == nullptr) {
    // Throws the message about an unknown index.
    toolkit::key_condition(table, scan.index, {"0"}, {}, expression);
  }
  std::vector<std::string> filters{options.filter};
  for (const std::string& word : options.where) filters.push_back(toolkit::condition(word, expression));
  scan.filter = toolkit::all_of(filters);
  find_start(table, options);
  scan.projection =
      options.projection.empty() ? toolkit::projection(with_key(options), expression) : options.projection;
  scan.names_json = expression.names_json();
  scan.values_json = expression.values_json();
  return table;
}

std::vector<std::string> first_columns(const toolkit::TableInfo& table, const ReadOptions& options) {
  return options.scan.projection.empty() ? table.key_names() : std::vector<std::string>();
}

/// "3 items of 9 read".
std::string what_was_read(const toolkit::ScanResult& result) {
  std::string text = counted(result.items, "item");
  if (result.scanned != result.items) text += " of " + std::to_string(result.scanned) + " read";
  return text;
}

void read_items(Session& session, ReadOptions& options) {
  const auto endpoint = paced(open_endpoint(session), options.rate);
  const toolkit::TableInfo table = prepare(*endpoint, options);
  const Interrupt interrupt;
  toolkit::ScanResult result;
  bool interrupted = false;
  options.scan.progress = [&result](const toolkit::ScanResult& so_far) {
    result = so_far;
    Interrupt::check();
  };
  {
    ItemPrinter printer(session, first_columns(table, options), options.ddb_json);
    try {
      json::Parser parser;
      result = toolkit::scan(*endpoint, options.scan, [&](const json::Object& item) {
        if (options.hidden.empty()) return printer.write(item);
        printer.write(parser.parse(without_hidden(item, options.hidden)).get_object().value());
      });
    } catch (const Interrupted&) {
      interrupted = true;
    }
    printer.finish();
  }
  session.out->flush();
  if (interrupted) throw CommandError("stator: interrupted: " + what_was_read(result), kInterruptedExit);
  if (!result.next_key.empty() && !session.quiet)
    *session.err << "more: --next " << toolkit::page_token(token_owner(options.scan), result.next_key) << "\n";
  print_cost(session, what_was_read(result), result.capacity_units);
}

void query(Session& session, ReadOptions& options) {
  if (options.words.empty() && options.key_condition.empty())
    throw toolkit::WordError("give the partition key's value, or --key-condition (to read everything: stator scan)" +
                             std::string(session.prod ? kProdAsValue : ""));
  read_items(session, options);
}

void scan(Session& session, ReadOptions& options) {
  for (const std::string& word : options.words) {
    if (!toolkit::ExpressionWords::is_argument(word))
      throw toolkit::WordError("scan reads the whole table, and \"" + word +
                               "\" is neither :name=VALUE nor #name=ATTRIBUTE (items with a key: stator query)");
  }
  read_items(session, options);
}

toolkit::ScanResult count_items(Session& session, endpoint::Endpoint& endpoint, const toolkit::TableInfo& table,
                                ReadOptions& options) {
  const Interrupt interrupt;
  ProgressBar bar(*session.err, session.err_is_terminal && !session.quiet);
  toolkit::ScanResult read;
  options.scan.progress = [&](const toolkit::ScanResult& so_far) {
    read = so_far;
    bar.show(read.scanned, std::max(read.scanned, table.item_count));
    Interrupt::check();
  };
  try {
    return toolkit::scan(endpoint, options.scan, [](const json::Object&) {});
  } catch (const Interrupted&) {
    bar.clear();
    throw CommandError(
        "stator: interrupted: " + std::to_string(read.items) + " counted, " + std::to_string(read.scanned) + " read",
        kInterruptedExit);
  }
}

void count(Session& session, ReadOptions& options) {
  require_human_or_json(session);
  const auto endpoint = paced(open_endpoint(session), options.rate);
  const toolkit::TableInfo table = prepare(*endpoint, options);
  toolkit::ScanResult result;
  if (options.approximate) {
    const toolkit::ScanOptions& scan = options.scan;
    if (!scan.key_condition.empty() || !scan.filter.empty() || !scan.index.empty())
      throw toolkit::WordError("--approximate counts the whole table: it takes no key, index or condition");
    result.items = table.item_count;
  } else {
    options.scan.count_only = true;
    // A query has no segments.
    if (!options.scan.key_condition.empty()) options.scan.segments = 1;
    result = count_items(session, *endpoint, table, options);
  }
  if (session.output == OutputFormat::kJson) {
    print_json(session, "{\"Count\":" + std::to_string(result.items) + "}");
  } else {
    *session.out << result.items << "\n";
  }
  if (!options.approximate) print_cost(session, std::to_string(result.scanned) + " read", result.capacity_units);
}

using Options = std::shared_ptr<ReadOptions>;

CLI::App* add_command(CLI::App& root, Session& session, const std::string& name, const std::string& description,
                      const std::string& footer, void (*body)(Session&, ReadOptions&), Options& options) {
  CLI::App* command = root.add_subcommand(name, description);
  options = std::make_shared<ReadOptions>();
  command->add_option("TABLE", options->table, "The table")->required();
  command->add_option("--index", options->scan.index, "Read this index")->type_name("NAME");
  command
      ->add_option("--where", options->where,
                   "Only items that satisfy this: status=OPEN, 'total>=100', 'contains(tags, new)', …")
      ->type_name("CONDITION")
      ->allow_extra_args(false);
  command->add_option("--filter", options->filter, "A FilterExpression; its values as :name=VALUE")->type_name("EXPR");
  add_rate(*command, options->rate);
  command->add_flag("--consistent", options->scan.consistent, "Strongly consistent reads");
  command->add_flag("-q,--quiet", session.quiet, "Do not report the cost");
  command->footer(footer);
  command->callback([options, &session, body] { body(session, *options); });
  return command;
}

void add_reading(CLI::App& command, const Options& options) {
  CLI::Option* attributes =
      command.add_option("--attributes", options->attributes, "Only these attributes or paths: a,b.c")
          ->type_name("LIST");
  command.add_option("--projection", options->projection, "A ProjectionExpression; its names as '#name=attribute'")
      ->type_name("EXPR")
      ->excludes(attributes);
  command.add_option("--limit", options->scan.limit, "At most this many items")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, kMostItems));
  command.add_option("--next", options->next, "Continue where an earlier command ended, by the token it printed")
      ->type_name("TOKEN");
  command.add_flag("--ddb-json", options->ddb_json, "DynamoDB JSON ({\"S\": \"…\"}) instead of plain JSON");
}

CLI::Option* add_segments(CLI::App& command, const Options& options) {
  return command.add_option("--segments", options->scan.segments, "Read this many segments in parallel")
      ->type_name("N")
      ->check(CLI::Range(1U, toolkit::kMaxParallelSegments));
}

void add_key_conditions(CLI::App& command, const Options& options) {
  command.add_option("--key-condition", options->key_condition, "A KeyConditionExpression instead of key arguments")
      ->type_name("EXPR");
  command.add_option("--begins-with", options->sort.begins_with, "Sort keys with this prefix")->type_name("VALUE");
  command.add_option("--between", options->sort.between, "Sort keys from LOW to HIGH")
      ->type_name("LOW HIGH")
      ->expected(2);
  command.add_option("--less-than", options->sort.less_than, "Sort keys below this")->type_name("VALUE");
  command.add_option("--at-most", options->sort.at_most, "Sort keys up to this")->type_name("VALUE");
  command.add_option("--greater-than", options->sort.greater_than, "Sort keys above this")->type_name("VALUE");
  command.add_option("--at-least", options->sort.at_least, "Sort keys from this on")->type_name("VALUE");
}

}  // namespace

void add_read_commands(CLI::App& root, Session& session) {
  Options options;
  CLI::App* query_command =
      add_command(root, session, "query", "Print the items of one partition, in sort key order",
                  "Examples: stator query shop 'CUSTOMER#ann' --begins-with ORDER# --reverse --limit 5\n"
                  "          stator query shop OPEN --index by-status --at-least 2026-11\n"
                  "          stator query shop --key-condition 'pk = :p' ':p=CUSTOMER#ann' --where 'total>100'",
                  query, options);
  add_words(*query_command, "KEY", options->words, "The values of the key attributes, from the partition key on");
  add_key_conditions(*query_command, options);
  query_command->add_flag("--reverse", options->scan.descending, "Highest sort key first");
  add_reading(*query_command, options);

  CLI::App* scan_command = add_command(root, session, "scan", "Print every item of a table",
                                       "Examples: stator scan shop --where kind=order --output csv\n"
                                       "          stator scan shop --filter 'contains(tags, :t)' :t=new",
                                       scan, options);
  add_words(*scan_command, "ARGUMENT", options->words,
            "Placeholders of the expressions: :name=VALUE, '#name=attribute'");
  add_reading(*scan_command, options);
  add_segments(*scan_command, options)->excludes("--next");

  CLI::App* count_command = add_command(root, session, "count", "Count the items of a table or of one partition",
                                        "Examples: stator count shop --where status=OPEN\n"
                                        "          stator count shop 'CUSTOMER#ann'",
                                        count, options);
  add_words(*count_command, "KEY", options->words, "The values of the key attributes, from the partition key on");
  add_key_conditions(*count_command, options);
  add_segments(*count_command, options);
  count_command->add_flag("--approximate", options->approximate,
                          "The count in the table's description: costs nothing, up to six hours old on AWS");
}

}  // namespace stator::cli
