#include "toolkit/pattern_run.h"

#include "core/utf8.h"
#include "json/reader.h"
#include "json/writer.h"
#include "model/text.h"
#include "toolkit/page_token.h"
#include "toolkit/text_table.h"

namespace stator::toolkit {
namespace {

/// `text` with blanks instead of control characters, so that an item is one line and cannot control the terminal.
std::string without_control_characters(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const char32_t c = core::next_code_point(text, at);
    if (is_control_character(c)) {
      out += ' ';
    } else {
      out += text.substr(start, at - start);
    }
  }
  return out;
}

std::string start_key_of(const model::Pattern& pattern, const std::string& token) {
  auto start_key = pattern.is_paged() ? start_key_of_token(pattern.name, token) : std::nullopt;
  if (!start_key) throw model::ParameterError("--next: expected a token that " + pattern.name + " printed");
  return std::move(*start_key);
}

void append_item(const json::Value& value, std::vector<std::string>& out) {
  if (value.is_object()) out.push_back(simdjson::minify(value));
}

void append_all(const json::Array& values, std::vector<std::string>& out) {
  for (const json::Value value : values) append_item(value, out);
}

/// One attribute value as text for people.
std::string plain_text(const json::Value& wire) {
  json::Object object;
  if (wire.get(object) != simdjson::SUCCESS || object.begin() == object.end()) return {};
  const auto member = *object.begin();
  std::string_view text;
  if (member.value.get(text) == simdjson::SUCCESS) return std::string(text);
  return simdjson::minify(member.value);
}

}  // namespace

PatternReply run_pattern(endpoint::Endpoint& endpoint, const model::Pattern& pattern, UserDirectory& users,
                         const PatternRequest& request) {
  std::string start_key;
  if (!request.next_token.empty()) start_key = start_key_of(pattern, request.next_token);
  const model::UserLookup lookup = [&users](std::string_view handle) { return require_user(users, handle); };
  model::BoundRequest bound = model::bind_request(pattern, request.parameters, lookup, start_key);
  PatternReply reply;
  reply.heading = std::move(bound.heading);
  reply.json = call(endpoint, pattern.operation, bound.json);
  json::Parser parser;
  json::Value last;
  if (pattern.is_paged() && parser.parse(reply.json)["LastEvaluatedKey"].get(last) == simdjson::SUCCESS)
    reply.next_token = page_token(pattern.name, std::string(simdjson::minify(last)));
  return reply;
}

std::vector<std::string> items_of_reply(std::string_view reply) {
  std::vector<std::string> items;
  json::Parser parser;
  const json::Value root = parser.parse(reply);
  json::Array array;
  json::Object object;
  json::Value value;
  if (root["Items"].get(array) == simdjson::SUCCESS) append_all(array, items);
  if (root["Item"].get(value) == simdjson::SUCCESS) append_item(value, items);
  if (root["Attributes"].get(value) == simdjson::SUCCESS) append_item(value, items);
  if (root["Responses"].get(object) == simdjson::SUCCESS) {
    for (const auto table : object) {
      if (table.value.get(array) == simdjson::SUCCESS) append_all(array, items);
    }
  } else if (root["Responses"].get(array) == simdjson::SUCCESS) {
    for (const json::Value response : array) {
      if (response["Item"].get(value) == simdjson::SUCCESS) append_item(value, items);
    }
  }
  return items;
}

std::string consumed_capacity_json(std::string_view reply) {
  json::Parser parser;
  json::Value capacity;
  if (parser.parse(reply)["ConsumedCapacity"].get(capacity) != simdjson::SUCCESS) return {};
  return simdjson::minify(capacity);
}

double capacity_of_reply(std::string_view reply) {
  json::Parser parser;
  json::Value capacity;
  if (parser.parse(reply)["ConsumedCapacity"].get(capacity) != simdjson::SUCCESS) return 0;
  double total = 0;
  double units = 0;
  json::Array tables;
  if (capacity["CapacityUnits"].get(units) == simdjson::SUCCESS) total += units;
  if (capacity.get(tables) == simdjson::SUCCESS) {
    for (const json::Value table : tables) {
      if (table["CapacityUnits"].get(units) == simdjson::SUCCESS) total += units;
    }
  }
  return total;
}

std::string format_line(const std::vector<model::Column>& columns, std::string_view item_json) {
  json::Parser parser;
  json::Object item;
  if (parser.parse(item_json).get(item) != simdjson::SUCCESS) return {};
  std::string line;
  for (const model::Column& column : columns) {
    json::Value value;
    std::string text;
    if (json::find_member(item, column.attribute, value)) text = plain_text(value);
    if (!column.time_format.empty()) {
      if (const auto time = core::parse_timestamp(text)) text = core::format_timestamp(*time, column.time_format);
    }
    if (column.characters > 0) text = model::first_code_points(text, column.characters);
    text += column.suffix;
    text = without_control_characters(text);
    const std::size_t length = model::code_points(text);
    if (length < column.width) text.append(column.width - length, ' ');
    line += text;
  }
  return line;
}

}  // namespace stator::toolkit
