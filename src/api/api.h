#pragma once

#include <string>
#include <string_view>

#include "api/account.h"
#include "engine/engine.h"

/// The operations of DynamoDB on an engine: request JSON in, reply JSON out.
namespace stator::api {

struct Context {
  engine::Engine& engine;
  /// The region of the request, used in ARNs and records of replies: that of its signature, otherwise the server's.
  std::string region = "us-east-1";
  std::string account_id = kDefaultAccountId;
  /// The server's region. ARNs of this region name tables, too, whatever the region of the request.
  std::string_view server_region = "us-east-1";
  /// Whether integers may be strings, which DynamoDB Local accepts and the service does not.
  bool lenient = false;
  /// The host and port that DescribeEndpoints returns.
  std::string address = "localhost:8000";
};

/// Answers one operation, appending the reply body to `reply`. `padding_bytes`: see json::Parser::parse.
/// Throws core::ApiError: UnknownOperationException if DynamoDB has no such operation (or it is not built),
/// SerializationException, ValidationException, …; then `reply` is unchanged.
void call(Context& context, std::string_view operation, std::string_view body, std::size_t padding_bytes,
          std::string& reply);

}  // namespace stator::api
