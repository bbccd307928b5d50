#include "toolkit/call.h"

#include <algorithm>
#include <thread>

#include "api/operations.h"
#include "core/utf8.h"
#include "json/writer.h"
#include "toolkit/word_error.h"

namespace stator::toolkit {

namespace {

bool is_of_streams(std::string_view operation) {
  const api::Operation* const known = api::find_operation(operation);
  return known != nullptr && known->special_rules.of_streams;
}

}  // namespace

std::string call(endpoint::Endpoint& endpoint, std::string_view operation, std::string_view body) {
  try {
    std::string reply;
    endpoint::Request request{.operation = operation, .body = body};
    if (is_of_streams(operation)) request.service = endpoint::Service::kDynamoDbStreams;
    endpoint.call(request, reply);
    return reply;
  } catch (const OperationError&) {
    throw;
  } catch (const core::ApiError& error) {
    throw OperationError(error, operation);
  }
}

std::string describe(const OperationError& error) {
  std::string line =
      "An error occurred (" + std::string(error.type.name()) + ") when calling the " + error.operation + " operation";
  line += ": " + error.message;
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return line;
}

void sleep_for_real(std::chrono::milliseconds duration) { std::this_thread::sleep_for(duration); }

bool is_throttling(const OperationError& error, bool of_streams) {
  return error.type == core::ErrorCode::kProvisionedThroughputExceeded || error.type == core::ErrorCode::kThrottling ||
         error.type == core::ErrorCode::kRequestLimitExceeded ||
         (of_streams && error.type == core::ErrorCode::kLimitExceeded);
}

bool is_transient(const OperationError& error) {
  return error.type == core::ErrorCode::kServiceUnavailable || error.type == core::ErrorCode::kInternalServerError ||
         error.type == core::ErrorCode::kInternalFailure || is_throttling(error, true);
}

std::string call_patiently(endpoint::Endpoint& endpoint, std::string_view operation, const std::string& body,
                           const Sleep& sleep) {
  constexpr std::chrono::milliseconds kFirst{100};
  constexpr std::chrono::milliseconds kLongest{10'000};
  constexpr int kMostAttempts = 30;
  std::chrono::milliseconds wait = kFirst;
  for (int attempt = 1;; ++attempt, wait = std::min(2 * wait, kLongest)) {
    try {
      return call(endpoint, operation, body);
    } catch (const OperationError& error) {
      if (!is_throttling(error, is_of_streams(operation)) || attempt == kMostAttempts) throw;
    }
    sleep(wait);
  }
}

RequestBuilder& RequestBuilder::name(std::string_view name) {
  if (body_.size() > 1) body_ += ',';
  json::append_string(name, body_);
  body_ += ':';
  return *this;
}

RequestBuilder& RequestBuilder::text(std::string_view member, std::string_view value) {
  if (!core::is_utf8(value)) throw WordError(std::string(member) + " is not UTF-8");
  name(member);
  json::append_string(value, body_);
  return *this;
}

RequestBuilder& RequestBuilder::number(std::string_view member, std::uint64_t value) {
  name(member);
  body_ += std::to_string(value);
  return *this;
}

RequestBuilder& RequestBuilder::json(std::string_view member, std::string_view value) {
  name(member);
  body_ += value;
  return *this;
}

}  // namespace stator::toolkit
