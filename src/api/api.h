#pragma once

#include <string>
#include <string_view>

#include "api/account.h"
#include "engine/engine.h"

/// The operations of DynamoDB on an engine: request JSON in, reply JSON out.
namespace stator::api {

struct Context {
  engine::Engine& engine;
  /// The region of the request, which ARNs and records in replies speak of: that of its signature, else the server's.
  std::string region = "us-east-1";
  std::string account_id = kDefaultAccountId;
  /// The server's region: whatever region a request is of, ARNs of this one name tables as well.
  std::string_view server_region = "us-east-1";
  /// Whole numbers may be texts, as DynamoDB Local takes them and the service does not.
  bool lenient = false;
  /// Host and port that DescribeEndpoints names.
  std::string address = "localhost:8000";
};

/// Answers one operation, appending the reply body to `reply`. `padding_bytes`: see json::Parser::parse.
/// Throws core::ApiError: UnknownOperationException for a name that DynamoDB does not have (or that is not built yet),
/// SerializationException, ValidationException, … `reply` is left as it was.
void call(Context& context, std::string_view operation, std::string_view body, std::size_t padding_bytes,
          std::string& reply);

}  // namespace stator::api
