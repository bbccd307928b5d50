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

/// Whether the error is throttling. `of_streams`: LimitExceededException is, too.
bool is_throttling(const OperationError& error, bool of_streams = false);

/// Whether the same request may succeed later: the service cannot be reached, fails in itself, or throttles.
bool is_passing(const OperationError& error);
/// What follows something for days waits for such a service: five minutes, as so many faults one after the other.
inline constexpr int kMostFaultsOfAnOutage = 60;
inline constexpr std::chrono::seconds kBetweenFaults{5};

/// Calls an operation again, waiting longer each time, where the service throttles; gives up after some minutes.
/// Throws OperationError.
std::string call_patiently(endpoint::Endpoint& endpoint, std::string_view operation, const std::string& body,
                           const Sleep& sleep = sleep_for_real);

/// A request being written: {"TableName":"t","Limit":5}.
class RequestBuilder {
 public:
  /// Throws WordError where the value is no UTF-8.
  RequestBuilder& text(std::string_view name, std::string_view value);
  RequestBuilder& number(std::string_view name, std::uint64_t value);
  /// A member whose value is JSON already.
  RequestBuilder& json(std::string_view name, std::string_view value);
  [[nodiscard]] std::string str() const { return body_ + "}"; }

 private:
  RequestBuilder& name(std::string_view name);
  std::string body_ = "{";
};

}  // namespace stator::toolkit
