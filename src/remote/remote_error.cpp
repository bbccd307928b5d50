#include "remote/remote_error.h"

#include <string_view>

#include "json/reader.h"
#include "json/writer.h"

namespace stator::remote {

namespace {

/// "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException:http://…" is ResourceNotFoundException.
std::string bare_type(std::string_view type) {
  const std::size_t hash = type.find('#');
  if (hash != std::string_view::npos) type.remove_prefix(hash + 1);
  return std::string(type.substr(0, type.find(':')));
}

struct Body {
  std::string type;
  std::string message;
  bool has_message = false;
  std::string extra;
};

void read_body(const std::string& text, Body& body) {
  json::Parser parser;
  json::Object object;
  try {
    if (parser.parse(text).get(object) != simdjson::SUCCESS) return;
  } catch (const core::ApiError&) {
    return;
  }
  for (const auto [key, value] : object) {
    std::string_view string;
    const bool is_string = value.get(string) == simdjson::SUCCESS;
    if (key == "__type") {
      if (is_string) body.type = bare_type(string);
    } else if (key == "message" || key == "Message") {
      if (is_string) body.message = string;
      body.has_message = body.has_message || is_string;
    } else {
      if (!body.extra.empty()) body.extra += ',';
      json::append_string(key, body.extra);
      body.extra += ':';
      body.extra += simdjson::minify(value);
    }
  }
}

}  // namespace

core::ApiError parse_remote_error(const http::Reply& reply, const std::string& url) {
  Body body;
  read_body(reply.body, body);
  if (const std::string* const field = reply.field("x-amzn-errortype")) body.type = bare_type(*field);
  const bool is_dynamodb = !body.type.empty();
  if (!is_dynamodb) {
    body.type = reply.status == 503   ? "ServiceUnavailable"
                : reply.status >= 500 ? "InternalServerError"
                                      : "UnknownError";
    body.extra.clear();
  }
  if (!body.has_message && !is_dynamodb) {
    body.message = "HTTP status " + std::to_string(reply.status) + " from " + url;
    if (const std::string* const field = reply.field("location")) body.message += ", which sends on to " + *field;
  }
  core::ApiError error(body.type, std::move(body.message), std::move(body.extra));
  error.status = reply.status;
  return error;
}

}  // namespace stator::remote
