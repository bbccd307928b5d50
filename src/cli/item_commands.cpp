#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/file_error.h"
#include "cli/foreground.h"
#include "cli/item_printing.h"
#include "cli/target.h"
#include "cli/word_text.h"
#include "core/attribute_value.h"
#include "core/limits.h"
#include "core/utf8.h"
#include "json/item.h"
#include "json/writer.h"
#include "toolkit/call.h"
#include "toolkit/expression_words.h"
#include "toolkit/item_edit.h"
#include "toolkit/pattern_run.h"
#include "toolkit/plain_json.h"
#include "toolkit/table_info.h"
#include "toolkit/text_table.h"

/// stator get, put, update, delete, edit: work on one item of any table.
namespace stator::cli {
namespace {

struct ItemOptions {
  std::string table;
  /// Keys, an item, and arguments such as :total=3, in the order given.
  std::vector<std::string> words;
  std::string key;
  std::string condition;
  std::vector<std::string> where;
  std::string expression;
  std::string attributes;
  toolkit::UpdateWords update;
  bool consistent = false;
  bool if_not_exists = false;
  bool if_exists = false;
  bool ddb_json = false;
};

/// The item or key given by the user, as wire JSON.
std::string read_item(std::string_view text, bool ddb_json, const std::string& of) {
  text = core::without_byte_order_mark(text);
  if (!ddb_json) {
    try {
      return toolkit::wire_item(text);
    } catch (const toolkit::PlainJsonError& error) {
      throw toolkit::WordError(of + ": " + error.what());
    }
  }
  json::Parser parser;
  json::Object object;
  try {
    if (parser.parse(text).get(object) != simdjson::SUCCESS) throw toolkit::WordError(of + ": expected a JSON object");
    return json::normalise_item(object).json;
  } catch (const core::ApiError& error) {
    throw toolkit::WordError(of + ": " + (error.message.empty() ? "this is not JSON" : error.message));
  }
}

/// Throws if an item or key (`given`, wire JSON) was written as DynamoDB's JSON but read as plain JSON: its key
/// attribute is then a map, which no key can be.
void refuse_ddb_json(const toolkit::TableInfo& table, std::string_view given, const std::string& of) {
  json::Parser parser;
  json::Object item;
  json::Value key;
  json::Object map;
  if (parser.parse(given).get(item) != simdjson::SUCCESS || !json::find_member(item, table.partition_key.name, key) ||
      key.at_key("M").get(map) != simdjson::SUCCESS || map.size() != 1)
    return;
  if (core::type_from_name((*map.begin()).key))
    throw toolkit::WordError(of + ": the key attribute " + table.partition_key.name +
                             " is an object; is this DynamoDB JSON? Then give --ddb-json");
}

/// Called before the database is opened: the word `prod` where the only key value should be must not lead to
/// production.
void require_key(const Session& session, const ItemOptions& options, const std::vector<std::string>& words) {
  if (session.prod && options.key.empty() && words.empty())
    throw toolkit::WordError(std::string("the key's value is missing") + kProdAsValue);
}

std::string key_of(const Session& session, const toolkit::TableInfo& table, const ItemOptions& options,
                   const std::vector<std::string>& words) {
  if (options.key.empty()) {
    try {
      return toolkit::key_json(table, words);
    } catch (const toolkit::WordError& error) {
      throw toolkit::WordError(error.what() + std::string(session.prod ? kProdAsValue : ""));
    }
  }
  if (!words.empty()) throw toolkit::WordError("give either --key or \"" + words.front() + "\", not both");
  const std::string key = read_item(options.key, options.ddb_json, "--key");
  if (!options.ddb_json) refuse_ddb_json(table, key, "--key");
  return toolkit::key_of_item(table, key);
}

/// The key as text for messages: "CUST#1 PROFILE".
std::string in_words(const std::string& key_json) {
  json::Parser parser;
  std::string text;
  const json::Object key = parser.parse(key_json).get_object().value();
  for (const auto member : key) {
    json::Object value;
    std::string_view content;
    if (member.value.get(value) == simdjson::SUCCESS && (*value.begin()).value.get(content) == simdjson::SUCCESS)
      text += (text.empty() ? "" : " ") + std::string(content);
  }
  return text;
}

/// Adds the conditions of --condition, --where, --if-exists and --if-not-exists together.
void add_condition(const toolkit::TableInfo& table, const ItemOptions& options, toolkit::ExpressionWords& expression,
                   toolkit::RequestBuilder& request) {
  std::vector<std::string> conditions{options.condition};
  for (const std::string& words : options.where) conditions.push_back(toolkit::condition(words, expression));
  if (options.if_exists) conditions.push_back("attribute_exists(" + expression.name(table.partition_key.name) + ")");
  if (options.if_not_exists)
    conditions.push_back("attribute_not_exists(" + expression.name(table.partition_key.name) + ")");
  const std::string condition = toolkit::all_of(conditions);
  if (!condition.empty()) request.text("ConditionExpression", condition);
}

std::string member_of(const std::string& reply, std::string_view name) {
  json::Parser parser;
  json::Object root;
  json::Value member;
  if (parser.parse(reply).get(root) != simdjson::SUCCESS || !json::find_member(root, name, member)) return {};
  return simdjson::minify(member);
}

void get_item(Session& session, const ItemOptions& options) {
  toolkit::ExpressionWords expression;
  const auto words = toolkit::take_arguments(options.words, expression);
  require_key(session, options, words);
  const auto endpoint = open_endpoint(session);
  const toolkit::TableInfo table = toolkit::describe_table(*endpoint, options.table);
  const std::string key = key_of(session, table, options, words);
  toolkit::RequestBuilder request;
  request.text("TableName", options.table).json("Key", key);
  if (options.consistent) request.json("ConsistentRead", "true");
  const std::string attributes =
      options.expression.empty() ? toolkit::projection(options.attributes, expression) : options.expression;
  if (!attributes.empty()) request.text("ProjectionExpression", attributes);
  expression.add_to(request);
  const std::string reply = toolkit::call(*endpoint, "GetItem", request.text("ReturnConsumedCapacity", "TOTAL").str());
  const std::string item = member_of(reply, "Item");
  if (item.empty()) throw CommandError("stator: table " + table.name + " has no item " + in_words(key));
  Pager pager(session);
  print_item(session, item, table.key_names(), options.ddb_json);
  pager.finish();
  print_cost(session, "1 item", toolkit::capacity_of_reply(reply));
}

/// An item has at most 400 KB; its JSON may be a few times longer.
constexpr std::size_t kMostItemText = 16 * core::kMaxItemSizeBytes;

void put_item(Session& session, const ItemOptions& options) {
  require_human_or_json(session);
  toolkit::ExpressionWords expression;
  const auto words = toolkit::take_arguments(options.words, expression);
  if (words.size() > 1) throw toolkit::WordError("one item at a time; \"" + words[1] + "\" is one too many");
  const WordText given =
      text_of_word(session, words.empty() ? "-" : words.front(), "the item", kMostItemText, "an item");
  const std::string item = read_item(given.text, options.ddb_json, given.of);
  const auto endpoint = open_to_write(session, "putting an item into table " + options.table, options.table);
  const toolkit::TableInfo table = toolkit::describe_table(*endpoint, options.table);
  if (!options.ddb_json) refuse_ddb_json(table, item, given.of);
  toolkit::key_of_item(table, item);
  toolkit::RequestBuilder request;
  request.text("TableName", options.table).json("Item", item);
  add_condition(table, options, expression, request);
  expression.add_to(request);
  const std::string reply = toolkit::call(*endpoint, "PutItem", request.text("ReturnConsumedCapacity", "TOTAL").str());
  if (session.output == OutputFormat::kJson) print_json(session, reply);
  print_cost(session, "put 1 item", toolkit::capacity_of_reply(reply));
}

void update_item(Session& session, const ItemOptions& options) {
  toolkit::ExpressionWords expression;
  const auto words = toolkit::take_arguments(options.words, expression);
  require_key(session, options, words);
  std::string update = toolkit::update_expression(options.update, expression);
  if (!options.expression.empty()) {
    if (!update.empty())
      throw toolkit::WordError("--expression does not go with --set, --add, --remove and --remove-member");
    update = options.expression;
  }
  if (update.empty()) throw toolkit::WordError("nothing to change: give --set, --add, --remove or --expression");
  const auto endpoint = open_to_write(session, "updating an item of table " + options.table, options.table);
  const toolkit::TableInfo table = toolkit::describe_table(*endpoint, options.table);
  toolkit::RequestBuilder request;
  const std::string key = key_of(session, table, options, words);
  request.text("TableName", options.table).json("Key", key);
  request.text("UpdateExpression", update);
  add_condition(table, options, expression, request);
  expression.add_to(request);
  const std::string reply = toolkit::call(
      *endpoint, "UpdateItem", request.text("ReturnValues", "ALL_NEW").text("ReturnConsumedCapacity", "TOTAL").str());
  const std::string item = member_of(reply, "Attributes");
  // An update that only removes attributes does not create an item.
  if (!item.empty()) print_item(session, item, table.key_names(), options.ddb_json);
  print_cost(session, item.empty() ? "there was no item " + in_words(key) : "updated 1 item",
             toolkit::capacity_of_reply(reply));
}

void delete_item(Session& session, const ItemOptions& options) {
  toolkit::ExpressionWords expression;
  const auto words = toolkit::take_arguments(options.words, expression);
  require_key(session, options, words);
  const auto endpoint = open_to_write(session, "deleting an item of table " + options.table, options.table);
  const toolkit::TableInfo table = toolkit::describe_table(*endpoint, options.table);
  const std::string key = key_of(session, table, options, words);
  toolkit::RequestBuilder request;
  request.text("TableName", options.table).json("Key", key);
  add_condition(table, options, expression, request);
  expression.add_to(request);
  const std::string reply = toolkit::call(
      *endpoint, "DeleteItem", request.text("ReturnValues", "ALL_OLD").text("ReturnConsumedCapacity", "TOTAL").str());
  const std::string old = member_of(reply, "Attributes");
  if (!old.empty()) print_item(session, old, table.key_names(), options.ddb_json);
  print_cost(session, old.empty() ? "there was no item " + in_words(key) : "deleted 1 item",
             toolkit::capacity_of_reply(reply));
}

// --- edit ----------------------------------------------------------------------------------------------------------

/// A private file for the editor, removed at the end unless it is kept for the user.
class EditFile {
 public:
  explicit EditFile(std::string text) : original_(std::move(text)) {
    const char* directory = std::getenv("TMPDIR");
    path_ = std::string(directory == nullptr || *directory == '\0' ? "/tmp" : directory) + "/stator-XXXXXX.json";
    const int descriptor = ::mkstemps(path_.data(), 5);
    if (descriptor < 0) throw file_error("make a file in", path_.substr(0, path_.rfind('/')));
    ::close(descriptor);
    std::ofstream out(path_, std::ios::binary);
    out << original_ << std::flush;
    if (!out) {
      const CommandError error = file_error("write", path_);
      ::unlink(path_.c_str());
      throw CommandError(error);
    }
  }
  ~EditFile() {
    std::error_code error;
    if (!kept_) std::filesystem::remove(path_, error);
  }
  EditFile(const EditFile&) = delete;
  EditFile& operator=(const EditFile&) = delete;

  [[nodiscard]] std::string text() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// Keeps the file; returns a text that says where it is.
  std::string kept_text() {
    kept_ = true;
    return " (your text is in " + path_ + ")";
  }
  /// Runs the editor on the file. Throws if it fails.
  void edit() {
    std::string editor = "vi";
    for (const char* name : {"EDITOR", "VISUAL"}) {
      if (const char* value = std::getenv(name); value != nullptr && *value != '\0') editor = value;
    }
    const std::string command = editor + " \"$1\"";
    const TerminalKeysIgnored guard;
    const pid_t process = ::fork();
    if (process == 0) exec_shell(command.c_str(), path_.c_str());
    const int status = process > 0 ? wait_for_child(process) : 0;
    if (process < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
      throw CommandError("stator: nothing was changed: the editor (" + editor + ") failed" +
                         (text() == original_ ? "" : kept_text()));
  }

 private:
  std::string original_;
  std::string path_;
  bool kept_ = false;
};

std::string read_edited(Session& session, EditFile& file, bool ddb_json) {
  for (;;) {
    file.edit();
    try {
      return read_item(file.text(), ddb_json, "the edited item");
    } catch (const toolkit::WordError& error) {
      std::string answer;
      if (session.in_is_terminal) {
        *session.err << toolkit::printable(error.what()) << "\nEdit again? [Y/n] " << std::flush;
        std::getline(*session.in, answer);
      }
      if (!session.in_is_terminal || answer == "n" || answer == "N" || answer == "no")
        throw CommandError(std::string("stator: nothing was changed: ") + error.what() + file.kept_text());
    }
  }
}

/// Writes the changes, on the condition that nobody else has changed the item since the request `read` returned
/// `before`. Throws toolkit::WordError if the change is impossible.
void write_edited(Session& session, endpoint::Endpoint& endpoint, const toolkit::TableInfo& table,
                  const std::string& read, const std::string& before, const std::string& after) {
  constexpr const char* kChangedMeanwhile = "somebody else changed the item meanwhile";
  toolkit::ItemChange change = toolkit::change_item(table, before, after);
  if (change.request.empty()) {
    if (session.output == OutputFormat::kJson) print_json(session, "{}");
    *session.err << "nothing was changed\n";
    return;
  }
  const auto is_unchanged = [&] {
    const std::string now = member_of(toolkit::call(endpoint, "GetItem", read), "Item");
    return !now.empty() && toolkit::same_items(before, now);
  };
  // The condition does not cover attributes that were added meanwhile; reading the item again does.
  if (!is_unchanged()) throw toolkit::WordError(kChangedMeanwhile);
  std::string reply;
  try {
    try {
      reply = toolkit::call(endpoint, "UpdateItem", change.request);
    } catch (const toolkit::OperationError& error) {
      if (error.type != core::ErrorCode::kConditionalCheckFailed || !is_unchanged()) throw;
      change = toolkit::change_item(table, before, after, toolkit::Watch::kLeaves);
      reply = toolkit::call(endpoint, "UpdateItem", change.request);
    }
  } catch (const toolkit::OperationError& error) {
    if (error.type == core::ErrorCode::kConditionalCheckFailed) throw toolkit::WordError(kChangedMeanwhile);
    throw;
  }
  if (session.output == OutputFormat::kJson) print_json(session, reply);
  print_cost(session, counted(change.set, "attribute") + " set, " + std::to_string(change.removed) + " removed",
             toolkit::capacity_of_reply(reply));
}

void edit_item(Session& session, const ItemOptions& options) {
  require_human_or_json(session);
  require_key(session, options, options.words);
  const auto endpoint =
      open_to_write(session, "editing an item of table " + options.table, options.table, Waits::kForUser);
  const toolkit::TableInfo table = toolkit::describe_table(*endpoint, options.table);
  const std::string key = key_of(session, table, options, options.words);
  const std::string read =
      toolkit::RequestBuilder().text("TableName", options.table).json("Key", key).json("ConsistentRead", "true").str();
  const std::string before = member_of(toolkit::call(*endpoint, "GetItem", read), "Item");
  if (before.empty()) throw CommandError("stator: table " + table.name + " has no item " + in_words(key));
  std::string plain;
  json::Parser parser;
  if (!options.ddb_json) toolkit::append_plain_item(parser.parse(before).get_object().value(), plain);
  EditFile file(json::pretty(options.ddb_json ? before : plain, false) + "\n");
  const std::string after = read_edited(session, file, options.ddb_json);
  // Whatever fails from here on, keep what the user wrote.
  std::string fault;
  try {
    return write_edited(session, *endpoint, table, read, before, after);
  } catch (const toolkit::WordError& error) {
    fault = std::string("stator: nothing was changed: ") + error.what();
  } catch (const toolkit::OperationError& error) {
    fault = toolkit::describe(error);
  } catch (const std::exception& error) {
    fault = std::string("stator: ") + error.what();
  }
  throw CommandError(fault + file.kept_text());
}

// --- command lines -------------------------------------------------------------------------------------------------

using Options = std::shared_ptr<ItemOptions>;

CLI::App* add_command(CLI::App& root, Session& session, const std::string& name, const std::string& description,
                      const std::string& words, const std::string& footer, void (*body)(Session&, const ItemOptions&),
                      Options& options) {
  CLI::App* command = root.add_subcommand(name, description);
  options = std::make_shared<ItemOptions>();
  command->add_option("TABLE", options->table, "The table")->required();
  add_words(*command, words, options->words,
            words == "ITEM" ? "The item as JSON, or @FILE; default or -: standard input"
                            : "The values of the key attributes, in order");
  command->add_flag("--ddb-json", options->ddb_json, "DynamoDB JSON ({\"S\": \"…\"}) instead of plain JSON");
  command->add_flag("-q,--quiet", session.quiet, "Do not report the cost");
  command->footer(footer);
  command->callback([options, &session, body] { body(session, *options); });
  return command;
}

void add_key(CLI::App& command, const Options& options) {
  command.add_option("--key", options->key, "The key as JSON, if arguments cannot express it")->type_name("JSON");
}

void add_conditions(CLI::App& command, const Options& options) {
  command
      .add_option("--where", options->where, "Only if the existing item satisfies this: status=OPEN, 'total>=100', …")
      ->type_name("CONDITION")
      ->allow_extra_args(false);
  command.add_option("--condition", options->condition, "A ConditionExpression; its values as :name=VALUE")
      ->type_name("EXPR");
}

}  // namespace

void add_item_commands(CLI::App& root, Session& session) {
  Options options;
  CLI::App* get = add_command(root, session, "get", "Print one item", "KEY",
                              "Example: stator get shop 'CUSTOMER#ann' PROFILE", get_item, options);
  add_key(*get, options);
  CLI::Option* attributes =
      get->add_option("--attributes", options->attributes, "Only these attributes or paths: a,b.c")->type_name("LIST");
  get->add_option("--projection", options->expression, "A ProjectionExpression; its names as '#name=attribute'")
      ->type_name("EXPR")
      ->excludes(attributes);
  get->add_flag("--consistent", options->consistent, "A strongly consistent read");

  CLI::App* put =
      add_command(root, session, "put", "Put one item", "ITEM",
                  "Examples: stator put shop '{\"pk\": \"CUSTOMER#ann\", \"sk\": \"PROFILE\", \"points\": 3}'\n"
                  "          stator put shop --condition 'points < :most' :most=10 < item.json",
                  put_item, options);
  put->add_flag("--if-not-exists", options->if_not_exists, "Only if there is no item with this key");
  add_conditions(*put, options);

  CLI::App* update =
      add_command(root, session, "update", "Change attributes of one item, and print the item", "KEY",
                  "Examples: stator update shop 'CUSTOMER#ann' PROFILE --set city=Paris --add points=5 --remove note\n"
                  "          stator update shop 'CUSTOMER#ann' PROFILE --expression 'SET points = points - :n' :n=5",
                  update_item, options);
  add_key(*update, options);
  update->add_option("--set", options->update.set, "Set an attribute or path")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  update->add_option("--add", options->update.add, "Add to a number, or members to a set")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  update->add_option("--remove", options->update.remove, "Remove an attribute or path")
      ->type_name("PATH")
      ->allow_extra_args(false);
  update->add_option("--remove-member", options->update.remove_members, "Remove members from a set")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  update->add_option("--expression", options->expression, "An UpdateExpression; its values as :name=VALUE")
      ->type_name("EXPR");
  update->add_flag("--if-exists", options->if_exists, "Only if there is an item with this key");
  add_conditions(*update, options);

  CLI::App* remove =
      add_command(root, session, "delete", "Delete one item, and print it", "KEY",
                  "Example: stator delete shop 'CUSTOMER#ann' 'ORDER#1001' --where status=open", delete_item, options);
  add_key(*remove, options);
  remove->add_flag("--if-exists", options->if_exists, "Fail if there is no item with this key");
  add_conditions(*remove, options);

  CLI::App* edit = add_command(root, session, "edit", "Change one item in an editor (VISUAL, EDITOR)", "KEY",
                               "Writes nothing if the item was changed meanwhile.\n"
                               "Example: stator edit shop 'CUSTOMER#ann' PROFILE",
                               edit_item, options);
  add_key(*edit, options);
}

}  // namespace stator::cli
