#include <ostream>

#include "api/operations.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/pager.h"
#include "cli/target.h"
#include "cli/word_text.h"
#include "core/limits.h"
#include "core/utf8.h"
#include "json/reader.h"
#include "model/text.h"
#include "toolkit/call.h"
#include "toolkit/word_error.h"

/// stator api: calls one operation of DynamoDB's API; request and reply are JSON as the API has it.
namespace stator::cli {
namespace {

struct ApiOptions {
  std::string operation;
  std::string request;
};

/// The operation's name as requests have it. Throws WordError if there is no such operation.
std::string_view operation_of_word(const std::string& word) {
  std::vector<std::string> letters;
  for (const api::Operation& operation : api::kOperations) {
    letters.push_back(letters_of(operation.name));
    if (letters.back() == letters_of(word)) return operation.name;
  }
  const std::vector<std::string_view> views(letters.begin(), letters.end());
  const std::string_view nearest = model::nearest(letters_of(word), views);
  std::string text = "DynamoDB has no operation \"" + word + "\"";
  for (const api::Operation& operation : api::kOperations) {
    if (!nearest.empty() && letters_of(operation.name) == nearest)
      text += "; did you mean " + std::string(operation.name) + "?";
  }
  throw toolkit::WordError(text);
}

/// The request to send: a JSON object.
std::string request_of(Session& session, const ApiOptions& options) {
  if (options.request.empty()) return "{}";
  const WordText given =
      text_of_word(session, options.request, "the request", core::kMaxRequestBodySizeBytes, "a request");
  const std::string_view text = core::without_byte_order_mark(given.text);
  json::Parser parser;
  try {
    if (parser.parse_with_repeated(text).is_object()) return std::string(text);
  } catch (const core::ApiError&) {
    // reported below
  }
  throw toolkit::WordError(given.of + ": expected a JSON object");
}

void call_api(Session& session, const ApiOptions& options) {
  if (session.output != OutputFormat::kJsonLines) require_human_or_json(session);
  const std::string_view operation = operation_of_word(options.operation);
  const std::string request = request_of(session, options);
  const auto endpoint = open_endpoint(session);
  const std::string reply = toolkit::call(*endpoint, operation, request);
  // Some operations have an empty reply.
  const std::string shown = reply.empty() ? "{}" : reply;
  Pager pager(session);
  if (session.output == OutputFormat::kJsonLines) {
    *session.out << shown << "\n";
  } else {
    print_json(session, shown);
  }
  pager.finish();
}

}  // namespace

void add_api_command(CLI::App& root, Session& session) {
  CLI::App* command = root.add_subcommand("api", "Call an operation of DynamoDB's API, with its own JSON");
  const auto options = std::make_shared<ApiOptions>();
  command->add_option("OPERATION", options->operation, "PutItem, or put-item as the AWS CLI names it")->required();
  command->add_option("REQUEST", options->request,
                      "The request as JSON, @FILE, or - for standard input; default: a request without members");
  command->footer(
      "Prints the reply; with --output jsonl on one line, unchanged.\n"
      "Examples: stator api DescribeTable '{\"TableName\": \"shop\"}'\n"
      "          stator api create-table @table.json");
  command->callback([options, &session] { call_api(session, *options); });
}

}  // namespace stator::cli
