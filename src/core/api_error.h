#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace stator::core {

/// The one error type of the project: what DynamoDB would answer instead of a result.
/// Thrown where the fault is found, rendered in one place (`render_error`).
struct ApiError : std::exception {
  /// `type` is the bare shape name, e.g. "ValidationException".
  ApiError(std::string type_name, std::string text) : type(std::move(type_name)), message(std::move(text)) {}
  ApiError(std::string type_name, std::string text, std::string extra_members)
      : type(std::move(type_name)), message(std::move(text)), extra(std::move(extra_members)) {}

  [[nodiscard]] const char* what() const noexcept override { return message.c_str(); }

  std::string type;
  std::string message;
  /// Further members of the error body as JSON text without braces, e.g. `"Item":{"pk":{"S":"a"}}`; or empty.
  std::string extra;
  /// The HTTP status a remote service answered with; 0 means "look it up by type" (`http_status`).
  int status = 0;
};

[[noreturn]] void throw_validation(std::string message);
[[noreturn]] void throw_serialization(std::string message);
[[noreturn]] void throw_resource_not_found(std::string message);

/// The status line's code for an error: 400 for the client's faults, 500 for ours, 503 when unavailable.
int http_status(const ApiError& error);

/// The error body as the service writes it: `{"__type":"com.amazon…#Type","message":"…"}` (`Message` for
/// the errors that Coral's front end writes), with `extra`'s members appended. An empty message is left out, as the
/// service does for a body that is no JSON and for an unknown operation.
std::string render_error(const ApiError& error);

}  // namespace stator::core
