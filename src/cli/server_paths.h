#pragma once

#include <string>
#include <string_view>

#include "cli/command.h"
#include "http/client.h"
#include "json/reader.h"

/// Calls the paths that Stator's servers have beside DynamoDB's API (docs/server.md, docs/cache.md).
namespace stator::cli {

/// Requests `path` ("/_stator/cache") from the server at `url`, signed with the credentials that the AWS tools would
/// find: a server with --credentials requires a signature, others ignore it. A reply with status 200 is a JSON object.
/// Throws http::TransportError, and CommandError if the reply is anything else.
http::Reply ask_server(const Session& session, const std::string& url, const std::string& path,
                       const std::string& method = "GET", const std::string& body = {});

/// Returns the body of a reply from ask_server: a JSON object that has `member`. Throws CommandError with the server's
/// reason if it refuses, else, if it has no such path or returns something else, with "URL `otherwise`" ("keeps no
/// snapshots").
std::string read_reply(const http::Reply& reply, const std::string& url, std::string_view member,
                       const std::string& otherwise);

/// Calls `read`, which reads members of such a body. Throws CommandError with "URL `otherwise`" if they have other
/// types.
template <class Read>
auto read_members(const std::string& url, const std::string& otherwise, Read read) {
  try {
    return read();
  } catch (const simdjson::simdjson_error&) {
    throw CommandError("stator: " + url + " " + otherwise);
  }
}

}  // namespace stator::cli
