#pragma once

#include <string>
#include <utility>
#include <vector>

#include "aws/credentials.h"
#include "aws/sigv4.h"
#include "http/client.h"

/// AWS's Query protocol (EC2, STS): the request is a form, the reply is XML.
namespace stator::aws {

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

struct QueryRequest {
  std::string url;
  SigningScope scope;
  QueryParameters parameters;    // Action and Version first; sent in this order
  std::string authorities = {};  // http::Request
  std::uint32_t max_attempts = 3;
};

/// "Action=…&Version=…&…"
std::string query_body(const QueryParameters& parameters);
/// The signed request as it would be sent; `body` must outlive it. Not signed if `credentials` is null.
http::Request build_query_request(const QueryRequest& request, const std::string& body, const Credentials* credentials,
                                  std::int64_t now_ms);
/// Sends the request, trying again after connection faults, throttling and 5xx. Returns the XML of the reply. Throws
/// core::ApiError with Code and Message if the service refuses it, and TransportError if the service cannot be reached.
std::string call_query_api(const QueryRequest& request, const Credentials* credentials, const core::Clock& clock);

}  // namespace stator::aws
