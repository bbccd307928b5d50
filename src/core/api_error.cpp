#include "core/api_error.h"

#include <algorithm>
#include <array>

#include "core/json_string.h"
#include "core/utf8.h"

namespace stator::core {
namespace {

constexpr std::string_view kDynamoDb = "com.amazonaws.dynamodb.v20120810#";
constexpr std::string_view kService = "com.amazon.coral.service#";
constexpr std::string_view kValidate = "com.amazon.coral.validate#";
constexpr std::string_view kAvailability = "com.amazon.coral.availability#";

/// Messages may quote a whole request, even several times; longer messages are cut here.
constexpr std::size_t kMaxErrorMessageBytes = std::size_t{1} << 20;

constexpr std::string_view kLower = "message";
constexpr std::string_view kUpper = "Message";

/// How the service writes an error.
struct ErrorForm {
  ErrorCode code;
  std::string_view name;
  std::string_view prefix = kDynamoDb;
  std::string_view message_member = kLower;
  int status = 400;
};

// In the order of ErrorCode; then, as kOther, names that have no code but their own status or prefix. Sources: error
// bodies seen from the service (dynalite's recorded cases); the member names of DynamoDB's own exceptions from the API
// model 2012-08-10.
constexpr std::array kForms = {
    ErrorForm{ErrorCode::kOther, ""},
    ErrorForm{ErrorCode::kAccessDenied, "AccessDeniedException", kService, kUpper},
    ErrorForm{ErrorCode::kBackupInUse, "BackupInUseException"},
    ErrorForm{ErrorCode::kBackupNotFound, "BackupNotFoundException"},
    ErrorForm{ErrorCode::kConditionalCheckFailed, "ConditionalCheckFailedException"},
    ErrorForm{ErrorCode::kDuplicateItem, "DuplicateItemException"},
    ErrorForm{ErrorCode::kExpiredIterator, "ExpiredIteratorException"},
    ErrorForm{ErrorCode::kExpiredToken, "ExpiredTokenException", kService},
    ErrorForm{ErrorCode::kGlobalTableNotFound, "GlobalTableNotFoundException"},
    ErrorForm{ErrorCode::kIdempotentParameterMismatch, "IdempotentParameterMismatchException", kDynamoDb, kUpper},
    ErrorForm{ErrorCode::kIncompleteSignature, "IncompleteSignatureException", kService},
    ErrorForm{ErrorCode::kInternalFailure, "InternalFailure", kService, kLower, 500},
    ErrorForm{ErrorCode::kInternalServerError, "InternalServerError", kDynamoDb, kLower, 500},
    ErrorForm{ErrorCode::kInvalidRestoreTime, "InvalidRestoreTimeException"},
    ErrorForm{ErrorCode::kInvalidSignature, "InvalidSignatureException", kService},
    ErrorForm{ErrorCode::kLimitExceeded, "LimitExceededException"},
    ErrorForm{ErrorCode::kMissingAuthenticationToken, "MissingAuthenticationTokenException", kService},
    ErrorForm{ErrorCode::kPointInTimeRecoveryUnavailable, "PointInTimeRecoveryUnavailableException"},
    ErrorForm{ErrorCode::kPolicyNotFound, "PolicyNotFoundException"},
    ErrorForm{ErrorCode::kProvisionedThroughputExceeded, "ProvisionedThroughputExceededException"},
    ErrorForm{ErrorCode::kRequestEntityTooLarge, "RequestEntityTooLargeException", kService, kLower, 413},
    ErrorForm{ErrorCode::kRequestLimitExceeded, "RequestLimitExceeded"},
    ErrorForm{ErrorCode::kResourceInUse, "ResourceInUseException"},
    ErrorForm{ErrorCode::kResourceNotFound, "ResourceNotFoundException"},
    ErrorForm{ErrorCode::kSerialization, "SerializationException", kService, kUpper},
    ErrorForm{ErrorCode::kServiceUnavailable, "ServiceUnavailable", kService, kLower, 503},
    ErrorForm{ErrorCode::kTableAlreadyExists, "TableAlreadyExistsException"},
    ErrorForm{ErrorCode::kTableInUse, "TableInUseException"},
    ErrorForm{ErrorCode::kTableNotFound, "TableNotFoundException"},
    ErrorForm{ErrorCode::kThrottling, "ThrottlingException", kAvailability},
    ErrorForm{ErrorCode::kTransactionCanceled, "TransactionCanceledException", kDynamoDb, kUpper},
    ErrorForm{ErrorCode::kTransactionConflict, "TransactionConflictException"},
    ErrorForm{ErrorCode::kTransactionInProgress, "TransactionInProgressException", kDynamoDb, kUpper},
    ErrorForm{ErrorCode::kTrimmedDataAccess, "TrimmedDataAccessException"},
    ErrorForm{ErrorCode::kUnknownOperation, "UnknownOperationException", kService},
    ErrorForm{ErrorCode::kUnrecognizedClient, "UnrecognizedClientException", kService},
    ErrorForm{ErrorCode::kValidation, "ValidationException", kValidate},
    ErrorForm{ErrorCode::kOther, "MissingAuthenticationToken", kService},
    ErrorForm{ErrorCode::kOther, "ServiceUnavailableException", kService, kLower, 503},
};

constexpr std::size_t kCodes = static_cast<std::size_t>(ErrorCode::kValidation) + 1;

constexpr bool forms_are_in_code_order() {
  for (std::size_t i = 0; i < kForms.size(); ++i) {
    if (kForms[i].code != (i < kCodes ? static_cast<ErrorCode>(i) : ErrorCode::kOther)) return false;
  }
  return true;
}
static_assert(forms_are_in_code_order());

const ErrorForm* find_form(std::string_view name) {
  const auto* found = std::ranges::find(kForms, name, &ErrorForm::name);
  return found == kForms.end() ? nullptr : found;
}

/// Errors that are not in the table get DynamoDB's prefix, "message" and status 400.
const ErrorForm& form_of(const ErrorType& type) {
  if (type.code() != ErrorCode::kOther) return kForms[static_cast<std::size_t>(type.code())];
  const ErrorForm* known = find_form(type.name());
  return known != nullptr ? *known : kForms.front();
}

}  // namespace

ErrorType ErrorType::named(std::string_view name) {
  const ErrorForm* known = find_form(name);
  ErrorType type = known != nullptr ? known->code : ErrorCode::kOther;
  if (type.code_ == ErrorCode::kOther) type.other_name_ = name;
  return type;
}

std::string_view ErrorType::name() const {
  return code_ == ErrorCode::kOther ? std::string_view(other_name_) : kForms[static_cast<std::size_t>(code_)].name;
}

void throw_validation(std::string message) { throw ApiError(ErrorCode::kValidation, std::move(message)); }

void throw_validation(std::string message, Fault fault) {
  ApiError error(ErrorCode::kValidation, std::move(message));
  error.fault = fault;
  throw error;
}

void throw_invalid_parameters(std::string_view what, Fault fault) {
  throw_validation("One or more parameter values were invalid: " + std::string(what), fault);
}

void throw_serialization(std::string message) { throw ApiError(ErrorCode::kSerialization, std::move(message)); }

void throw_resource_not_found(std::string message) { throw ApiError(ErrorCode::kResourceNotFound, std::move(message)); }

int http_status(const ApiError& error) {
  if (error.status == 0) return form_of(error.type).status;
  // A status that is not an error (a remote service that is not DynamoDB may send one) must not reach the client.
  const bool is_of_errors = error.status >= 400 && error.status < 600;
  return is_of_errors ? error.status : form_of(ErrorCode::kServiceUnavailable).status;
}

std::string render_error(const ApiError& error) {
  const ErrorForm& form = form_of(error.type);
  std::string body = "{\"__type\":";
  append_json_string(std::string(form.prefix).append(error.type.name()), body);
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
