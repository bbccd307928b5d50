#include <memory>
#include <string>
#include <vector>

#include "api/generated/answer.h"
#include "api/generated/prepared_tables.h"
#include "core/api_error.h"
#include "core/json_string.h"
#include "expression/expression.h"
#include "fuzz/budget.h"
#include "fuzz/check.h"
#include "json/reader.h"
#include "partiql/bind.h"
#include "partiql/values.h"

/// The first byte selects operation and parameters; the rest is statements, separated by zero bytes. They run on the
/// prepared tables. All pages of a SELECT together must equal one page without a limit, and a SELECT of a whole table
/// must find exactly the items that match its WHERE, however it was planned.
namespace {

namespace core = stator::core;
namespace expression = stator::expression;
namespace generated = stator::api::generated;
namespace json = stator::json;
namespace partiql = stator::partiql;
using stator::fuzz::require;

constexpr stator::fuzz::Bound kBound{.base_us = 500'000, .ns_per_byte = 40'000};
constexpr std::size_t kMaxStatements = 30;  // more than a batch may have
constexpr std::size_t kMaxParameters = 64;
constexpr int kMaxPages = 200;

/// Parameters are taken from this list in turn.
constexpr std::string_view kValues[] = {
    R"({"S":"a"})",
    R"({"S":"1"})",
    R"({"N":"1"})",
    R"({"S":"b"})",
    R"({"B":"AAEC"})",
    R"({"S":""})",
    R"({"SS":["y","x"]})",
    R"({"NS":["2","1"]})",
    R"({"BS":["AA=="]})",
    R"({"L":[]})",
    R"({"M":{"in":{"N":"1"}}})",
    R"({"BOOL":true})",
    R"({"NULL":true})",
    R"({"N":"3"})",
    R"({"S":"2"})",
    R"({"N":"-1.5e7"})",
};

struct Input {
  char operation = 0;
  std::size_t first_value = 0;
  std::vector<std::string_view> statements;
};

Input read_input(std::string_view bytes) {
  Input input;
  if (bytes.empty()) return input;
  const auto head = static_cast<unsigned char>(bytes.front());
  input.operation = static_cast<char>(head % 3);
  input.first_value = head / 3 % std::size(kValues);
  bytes.remove_prefix(1);
  while (!bytes.empty() && input.statements.size() < kMaxStatements) {
    input.statements.push_back(stator::fuzz::take_until(bytes, '\0'));
  }
  return input;
}

std::size_t count_parameters(std::string_view statement) {
  std::size_t count = 0;
  for (const char c : statement) count += c == '?' ? 1 : 0;
  return std::min(count, kMaxParameters);
}

std::string parameters_json(const Input& input, std::size_t statement) {
  std::string list;
  for (std::size_t i = 0; i < count_parameters(input.statements[statement]); ++i) {
    list += i == 0 ? "[" : ",";
    list += kValues[(input.first_value + i) % std::size(kValues)];
  }
  return list.empty() ? list : list + "]";
}

/// `{"Statement":…,"Parameters":…` without the closing brace.
std::string member(const Input& input, std::size_t statement) {
  std::string text = R"({"Statement":)";
  core::append_json_string(input.statements[statement], text);
  if (const std::string parameters = parameters_json(input, statement); !parameters.empty()) {
    text += R"(,"Parameters":)" + parameters;
  }
  return text;
}

std::string request_of(const Input& input, std::string_view members) {
  std::string request = "{\"" + std::string(members) + "\":[";
  for (std::size_t i = 0; i < input.statements.size(); ++i) {
    if (i != 0) request += ',';
    request += member(input, i) + "}";
  }
  return request + R"(],"ReturnConsumedCapacity":"INDEXES"})";
}

generated::Answer ask(stator::endpoint::Embedded& tables, std::string_view operation, const std::string& request) {
  generated::Answer given = generated::answer(tables, operation, true, request);
  const std::string fault = generated::fault_of(given, request.size());
  require(fault.empty(), fault);
  return given;
}

/// Appends the items of a reply as text.
void append_items(const json::Object& reply, std::vector<std::string>& items) {
  for (const auto item : reply["Items"].get_array()) items.push_back(simdjson::minify(item));
}

/// Reads all items of a SELECT, page by page; returns false if it was refused.
bool read_all(stator::endpoint::Embedded& tables, const Input& input, std::string_view limit,
              std::vector<std::string>& items) {
  std::string token;
  for (int page = 0; page < kMaxPages; ++page) {
    std::string request = member(input, 0);
    if (!limit.empty()) request.append(R"(,"Limit":)").append(limit);
    if (!token.empty()) request += R"(,"NextToken":")" + token + "\"";
    const generated::Answer given = ask(tables, "ExecuteStatement", request + "}");
    if (!given.error.empty()) {
      require(token.empty(), "a page is refused after one that was not: " + given.message);
      return false;
    }
    simdjson::dom::parser parser;
    const json::Object reply = parser.parse(given.body).get_object();
    append_items(reply, items);
    std::string_view next;
    if (reply["NextToken"].get_string().get(next) != simdjson::SUCCESS) return true;
    token = next;
  }
  require(false, "a SELECT does not come to its end");
  return false;
}

/// Returns how many items of the table match the WHERE.
std::size_t count_matching(stator::endpoint::Embedded& tables, const Input& input,
                           const partiql::Statement& statement) {
  std::vector<expression::SharedValue> parameters;
  simdjson::dom::parser parser;
  if (const std::string list = parameters_json(input, 0); !list.empty()) {
    for (const auto value : parser.parse(list).get_array()) {
      parameters.push_back(std::make_shared<const core::AttributeValue>(partiql::read_parameter(value)));
    }
  }
  const expression::Condition where(
      std::make_shared<const expression::ConditionNode>(partiql::bind_where(statement, parameters)));
  const generated::Answer all = ask(tables, "Scan", R"({"TableName":")" + std::string(statement.source.table) + "\"}");
  std::vector<std::string> items;
  append_items(parser.parse(all.body).get_object(), items);
  std::size_t count = 0;
  for (const std::string& item : items) count += where.matches(json::Item(item)) ? 1 : 0;
  return count;
}

void check_select(stator::endpoint::Embedded& tables, const Input& input, const partiql::Statement& statement) {
  std::vector<std::string> whole;
  if (!read_all(tables, input, {}, whole)) return;
  for (const std::string_view limit : {"1", "2"}) {
    std::vector<std::string> parts;
    require(read_all(tables, input, limit, parts), "refused with a limit alone");
    require(parts == whole, "pages of " + std::string(limit) + " differ from one page");
  }
  if (statement.where && statement.source.index.empty()) {
    require(whole.size() == count_matching(tables, input, statement), "the plan finds other items than the condition");
  }
}

/// Returns the statement if it is a valid SELECT.
partiql::SharedStatement select_of(std::string_view text) {
  try {
    auto statement = partiql::parse(text);
    return statement->is_read() ? statement : nullptr;
  } catch (const core::ApiError&) {
    return nullptr;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<stator::endpoint::Embedded> tables = generated::prepared_tables(false);
  const Input input = read_input({reinterpret_cast<const char*>(data), size});
  if (input.statements.empty()) return 0;
  bool changed = false;
  stator::fuzz::within(kBound, size, [&] {
    const partiql::SharedStatement select = select_of(input.statements.front());
    if (input.operation == 0 && select != nullptr) {
      check_select(*tables, input, *select);
      return;
    }
    const generated::Answer given = input.operation == 0 ? ask(*tables, "ExecuteStatement", member(input, 0) + "}")
                                    : input.operation == 1
                                        ? ask(*tables, "BatchExecuteStatement", request_of(input, "Statements"))
                                        : ask(*tables, "ExecuteTransaction", request_of(input, "TransactStatements"));
    changed = changed || given.error.empty();
  });
  if (changed) tables = generated::prepared_tables(false);  // so that an input's result does not depend on earlier ones
  return 0;
}
