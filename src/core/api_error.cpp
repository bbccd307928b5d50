#include "core/api_error.h"

#include <array>

#include "core/json_string.h"
#include "core/utf8.h"

namespace stator::core {
namespace {

constexpr std::string_view kDynamoDb = "com.amazonaws.dynamodb.v20120810#";
constexpr std::string_view kService = "com.amazon.coral.service#";
constexpr std::string_view kValidate = "com.amazon.coral.validate#";
constexpr std::string_view kAvailability = "com.amazon.coral.availability#";

/// What a message may echo of a request is linear in it, several times over; a reply to a fault need not be as long.
constexpr std::size_t kMaxErrorMessageBytes = std::size_t{1} << 20;

constexpr std::string_view kLower = "message";
constexpr std::string_view kUpper = "Message";

/// How the service writes an error that is not simply {prefix of DynamoDB, "message", 400}.
struct ErrorForm {
  std::string_view type;
  std::string_view prefix;
  std::string_view message_member;
  int status;
};

// Sources: error bodies seen from the service (dynalite's recorded cases); the member names of DynamoDB's own
// exceptions as in the API model 2012-08-10.
constexpr std::array kForms = {
    ErrorForm{"ValidationException", kValidate, kLower, 400},
    ErrorForm{"SerializationException", kService, kUpper, 400},
    ErrorForm{"AccessDeniedException", kService, kUpper, 400},
    ErrorForm{"UnknownOperationException", kService, kLower, 400},
    ErrorForm{"MissingAuthenticationTokenException", kService, kLower, 400},
    ErrorForm{"MissingAuthenticationToken", kService, kLower, 400},
    ErrorForm{"IncompleteSignatureException", kService, kLower, 400},
    ErrorForm{"InvalidSignatureException", kService, kLower, 400},
    ErrorForm{"UnrecognizedClientException", kService, kLower, 400},
    ErrorForm{"ExpiredTokenException", kService, kLower, 400},
    ErrorForm{"InternalFailure", kService, kLower, 500},
    ErrorForm{"ServiceUnavailableException", kService, kLower, 503},
    ErrorForm{"ServiceUnavailable", kService, kLower, 503},
    ErrorForm{"RequestEntityTooLargeException", kService, kLower, 413},
    ErrorForm{"ThrottlingException", kAvailability, kLower, 400},
    ErrorForm{"InternalServerError", kDynamoDb, kLower, 500},
    ErrorForm{"TransactionCanceledException", kDynamoDb, kUpper, 400},
    ErrorForm{"TransactionInProgressException", kDynamoDb, kUpper, 400},
    ErrorForm{"IdempotentParameterMismatchException", kDynamoDb, kUpper, 400},
};

ErrorForm form_of(std::string_view type) {
  for (const ErrorForm& form : kForms) {
    if (form.type == type) {
      return form;
    }
  }
  return {type, kDynamoDb, kLower, 400};
}

}  // namespace

void throw_validation(std::string message) { throw ApiError("ValidationException", std::move(message)); }

void throw_serialization(std::string message) { throw ApiError("SerializationException", std::move(message)); }

void throw_resource_not_found(std::string message) { throw ApiError("ResourceNotFoundException", std::move(message)); }

int http_status(const ApiError& error) { return error.status != 0 ? error.status : form_of(error.type).status; }

std::string render_error(const ApiError& error) {
  const ErrorForm form = form_of(error.type);
  std::string body = "{\"__type\":";
  append_json_string(std::string(form.prefix) + error.type, body);
  if (!error.message.empty()) {
    body += ",\"";
    body += form.message_member;
    body += "\":";
    const std::string_view message = error.message;
    if (is_utf8(message)) {
      append_json_string(utf8_prefix(message, kMaxErrorMessageBytes), body);
    } else {
      append_json_string(to_utf8(message.substr(0, kMaxErrorMessageBytes)), body);
    }
  }
  if (!error.extra.empty()) {
    body.push_back(',');
    body += error.extra;
  }
  body.push_back('}');
  return body;
}

}  // namespace stator::core
