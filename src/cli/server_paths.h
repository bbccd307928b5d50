#pragma once

#include <string>

#include "http/client.h"

/// The paths that Stator's servers have beside DynamoDB's API (docs/server.md, docs/cache.md).
namespace stator::cli {

/// Asks for `path` ("/_stator/cache") of the server at `url`, signed with the credentials that the AWS tools would
/// find: a server with --credentials requires a signature, others ignore it. A reply with status 200
/// is a JSON object. Throws http::TransportError, and CommandError where the reply is something else.
http::Reply ask_server(const std::string& url, const std::string& path, const std::string& method = "GET",
                       const std::string& body = {});

}  // namespace stator::cli
