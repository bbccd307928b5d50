#include "toolkit/statements.h"

#include <algorithm>
#include <stdexcept>

#include "core/attribute_value.h"
#include "json/writer.h"
#include "toolkit/call.h"
#include "toolkit/plain_json.h"

namespace stator::toolkit {
namespace {

std::string request_of(std::string_view statement, const StatementOptions& options, std::uint64_t read,
                       const std::string& token) {
  RequestBuilder request;
  request.text("Statement", statement).text("ReturnConsumedCapacity", "TOTAL");
  if (!options.parameters_json.empty()) request.json("Parameters", options.parameters_json);
  if (options.consistent) request.json("ConsistentRead", "true");
  if (options.limit > 0) {
    constexpr std::uint64_t kMostAtOnce = 100'000;
    request.number("Limit", std::min(kMostAtOnce, options.limit - std::min(read, options.limit - 1)));
  }
  if (!token.empty()) request.text("NextToken", token);
  return request.str();
}

/// The end of the quoted part or comment that begins at `at`; `at` itself if none begins there.
std::size_t skip_quoted(std::string_view text, std::size_t at) {
  const auto behind = [&](std::string_view end, std::size_t from) {
    const std::size_t found = text.find(end, from);
    return found == std::string_view::npos ? text.size() : found + end.size();
  };
  const std::string_view rest = text.substr(at);
  if (rest.starts_with('\'')) return behind("'", at + 1);
  if (rest.starts_with('"')) return behind("\"", at + 1);
  if (rest.starts_with("--")) return behind("\n", at + 2);
  if (rest.starts_with("/*")) return behind("*/", at + 2);
  return at;
}

/// The position of the first word, after blanks and comments; the end of the text if there is none.
std::size_t find_word(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const bool is_comment = text.substr(at).starts_with("--") || text.substr(at).starts_with("/*");
    if (is_comment) {
      at = skip_quoted(text, at);
    } else if (text.find_first_of(" \t\r\n\v\f", at) == at) {
      ++at;
    } else {
      return at;
    }
  }
  return text.size();
}

/// Whether this is a map with one member that is named like a type: a value in wire form that was read as plain JSON.
bool holds_wire_value(const json::Value& value) {
  json::Object map;
  return value["M"].get(map) == simdjson::SUCCESS && map.size() == 1 && core::type_from_name((*map.begin()).key);
}

}  // namespace

std::string statement_parameters(std::string_view list) {
  json::Parser parser;
  const std::string wire = wire_value(list);
  json::Array values;
  if (parser.parse(wire).get_object().value()["L"].get(values) != simdjson::SUCCESS)
    throw PlainJsonError("expected a JSON list of attribute values");
  std::string out = "[";
  for (const json::Value value : values) {
    if (out.size() > 1) out += ',';
    if (holds_wire_value(value)) {
      append_plain_value(value, out);
    } else {
      out += simdjson::minify(value);
    }
  }
  return out + "]";
}

StatementResult run_statement(endpoint::Endpoint& endpoint, std::string_view statement, const StatementOptions& options,
                              const PageVisitor& visit) {
  StatementResult result;
  json::Parser parser;
  std::string token;
  const auto begin = std::chrono::steady_clock::now();
  do {
    const std::string reply = call(endpoint, "ExecuteStatement", request_of(statement, options, result.items, token));
    json::Object root;
    json::Value member;
    json::Array items;
    if (parser.parse(reply).get(root) != simdjson::SUCCESS) throw std::runtime_error("the reply is not an object");
    ++result.pages;
    if (json::find_member(root, "Items", member) && member.get(items) == simdjson::SUCCESS) {
      result.items += items.size();
      visit(items);
    }
    json::Value units;
    double used = 0;
    if (json::find_member(root, "ConsumedCapacity", member) &&
        member["CapacityUnits"].get(units) == simdjson::SUCCESS && units.get(used) == simdjson::SUCCESS) {
      result.capacity_units += used;
    }
    std::string_view next;
    token.clear();
    if (json::find_member(root, "NextToken", member) && member.get(next) == simdjson::SUCCESS) token = next;
  } while (!token.empty() && (options.limit == 0 || result.items < options.limit));
  result.time = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  return result;
}

std::vector<Statement> split_statements(std::string_view text, std::string* rest) {
  std::vector<Statement> statements;
  std::size_t begin = 0;
  std::size_t at = 0;
  const auto take = [&](std::size_t end) {
    const std::string_view statement = text.substr(begin, end - begin);
    const std::size_t word = find_word(statement);
    if (word < statement.size()) {
      const auto* const until = text.begin() + begin + word;
      statements.push_back(
          {std::string(statement), 1 + static_cast<std::size_t>(std::count(text.begin(), until, '\n'))});
    }
    begin = end + 1;
  };
  while (at < text.size()) {
    const std::size_t behind = skip_quoted(text, at);
    if (behind == at && text[at] == ';') take(at);
    at = std::max(behind, at + 1);
  }
  if (rest != nullptr) {
    *rest = text.substr(std::min(begin, text.size()));
    if (find_word(*rest) == rest->size()) rest->clear();
  } else if (begin < text.size()) {
    take(text.size());
  }
  return statements;
}

}  // namespace stator::toolkit
