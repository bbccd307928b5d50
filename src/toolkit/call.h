#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "core/api_error.h"
#include "endpoint/endpoint.h"

namespace stator::toolkit {

/// An operation's error with the operation's name, to be printed as the AWS CLI prints it.
struct OperationError : core::ApiError {
  OperationError(core::ApiError error, std::string_view operation_name)
      : core::ApiError(std::move(error)), operation(operation_name) {}
  std::string operation;
};

/// Calls an operation. Throws OperationError.
std::string call(endpoint::Endpoint& endpoint, std::string_view operation, std::string_view body);

/// "An error occurred (TYPE) when calling the OPERATION operation: MESSAGE": one line, as the AWS CLI prints it.
std::string describe(const OperationError& error);

/// The function that waits; tests pass one that only counts.
using Sleep = std::function<void(std::chrono::milliseconds)>;
void sleep_for_real(std::chrono::milliseconds duration);

/// Whether the error is throttling. `of_streams`: LimitExceededException counts, too.
bool is_throttling(const OperationError& error, bool of_streams = false);

/// Whether the same request may succeed later: the service is unreachable, has an internal error, or throttles.
bool is_transient(const OperationError& error);
/// Commands that follow something for days wait for such a service: five minutes, as this many faults in a row.
inline constexpr int kMostFaultsOfAnOutage = 60;
inline constexpr std::chrono::seconds kBetweenFaults{5};

/// Calls an operation; if the service throttles, tries again after growing pauses and gives up after some minutes.
/// Throws OperationError.
std::string call_patiently(endpoint::Endpoint& endpoint, std::string_view operation, const std::string& body,
                           const Sleep& sleep = sleep_for_real);

/// A request being written: {"TableName":"t","Limit":5}.
class RequestBuilder {
 public:
  /// Throws WordError if the value is not UTF-8.
  RequestBuilder& text(std::string_view name, std::string_view value);
  RequestBuilder& number(std::string_view name, std::uint64_t value);
  /// Adds a member whose value is already JSON.
  RequestBuilder& json(std::string_view name, std::string_view value);
  [[nodiscard]] std::string str() const { return body_ + "}"; }

 private:
  RequestBuilder& name(std::string_view name);
  std::string body_ = "{";
};

}  // namespace stator::toolkit
