#pragma once

#include <concepts>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace stator::core {

/// The service's errors that Stator answers with or reacts to.
enum class ErrorCode : std::uint8_t {
  kOther,  // has no code; identified by its name
  kAccessDenied,
  kBackupInUse,
  kBackupNotFound,
  kConditionalCheckFailed,
  kDuplicateItem,
  kExpiredIterator,
  kExpiredToken,
  kGlobalTableNotFound,
  kIdempotentParameterMismatch,
  kIncompleteSignature,
  kInternalFailure,
  kInternalServerError,
  kInvalidRestoreTime,
  kInvalidSignature,
  kLimitExceeded,
  kMissingAuthenticationToken,
  kPointInTimeRecoveryUnavailable,
  kPolicyNotFound,
  kProvisionedThroughputExceeded,
  kRequestEntityTooLarge,
  kRequestLimitExceeded,
  kResourceInUse,
  kResourceNotFound,
  kSerialization,
  kServiceUnavailable,
  kTableAlreadyExists,
  kTableInUse,
  kTableNotFound,
  kThrottling,
  kTransactionCanceled,
  kTransactionConflict,
  kTransactionInProgress,
  kTrimmedDataAccess,
  kUnknownOperation,
  kUnrecognizedClient,
  kValidation,
};

/// An error's type: its bare shape name ("ValidationException"), and its code.
class ErrorType {
 public:
  ErrorType(ErrorCode code) : code_(code) {}  // NOLINT(google-explicit-constructor): a code is a type
  /// From a name; a name without a code becomes kOther and keeps its text.
  template <std::convertible_to<std::string_view> Text>
  ErrorType(const Text& name) : ErrorType(named(name)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] ErrorCode code() const { return code_; }
  [[nodiscard]] std::string_view name() const;
  operator std::string_view() const { return name(); }  // NOLINT(google-explicit-constructor): it is its name

  friend bool operator==(const ErrorType& type, ErrorCode code) { return type.code_ == code; }
  friend bool operator==(const ErrorType& left, const ErrorType& right) { return left.name() == right.name(); }

 private:
  static ErrorType named(std::string_view name);

  ErrorCode code_;
  std::string other_name_;  // kOther
};

/// What is wrong, for callers that use their own words for it or act on it.
enum class Fault : std::uint8_t {
  kUnnamed,
  kDuplicateMembers,    // a set contains a member twice
  kEmptyAttributeName,  // in the item, or inside a value
  kLongAttributeName,
  kEmptyKey,  // a key attribute of a table or index with an empty value
  kNumber,    // not a number, a number that DynamoDB cannot hold, or an empty number set
};

/// The one error type of the project: what DynamoDB would answer instead of a result.
/// Thrown where the fault is found, rendered in one place (`render_error`).
struct ApiError : std::exception {
  ApiError(ErrorType error_type, std::string text, std::string extra_members = {})
      : type(std::move(error_type)), message(std::move(text)), extra(std::move(extra_members)) {}

  [[nodiscard]] const char* what() const noexcept override { return message.c_str(); }

  ErrorType type;
  Fault fault = Fault::kUnnamed;
  std::string message;
  /// Further members of the error body as JSON text without braces, e.g. `"Item":{"pk":{"S":"a"}}`; or empty.
  std::string extra;
  /// The HTTP status of a remote service's answer; 0: derived from the type (`http_status`).
  int status = 0;
};

[[noreturn]] void throw_validation(std::string message);
[[noreturn]] void throw_validation(std::string message, Fault fault);
/// The same, with "One or more parameter values were invalid: " before the text.
[[noreturn]] void throw_invalid_parameters(std::string_view what, Fault fault = Fault::kUnnamed);
[[noreturn]] void throw_serialization(std::string message);
[[noreturn]] void throw_resource_not_found(std::string message);

/// The HTTP status of an error: 400 for the client's faults, 500 for ours, 503 when unavailable.
int http_status(const ApiError& error);

/// The error body as the service writes it: `{"__type":"com.amazon…#Type","message":"…"}` (`Message` for the errors of
/// Coral's front end), with the members in `extra` appended. An empty message is left out, as the service does for a
/// body that is not JSON and for an unknown operation.
std::string render_error(const ApiError& error);

}  // namespace stator::core
