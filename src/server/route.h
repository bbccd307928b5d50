#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "endpoint/endpoint.h"

namespace stator::engine {
class Engine;
}

/// What a server answers beside DynamoDB's protocol: its own paths, below /_stator/.
namespace stator::server {

/// One method of one path. Web rules hold for it as for everything; with keys (Options::credentials) the request must
/// be signed with one that is not limited to certain tables.
struct Route {
  /// "GET" (which answers HEAD too) or "POST".
  std::string method;
  /// "/_stator/jobs"
  std::string path;
  endpoint::Effort effort = endpoint::Effort::kItem;
  /// Read-only keys may not.
  bool changes = false;
  /// Appends the reply, JSON, to a request with this body. Called from several threads at once. Throws core::ApiError.
  std::function<void(std::string_view body, std::string& reply)> answer;
};

/// The background jobs of `engine`, which must outlive the routes (docs/server.md):
///   GET /_stator/jobs           what runs, waits and ended last
///   POST /_stator/jobs/pause    waits for the step under way; nothing runs until the next
///   POST /_stator/jobs/resume
std::vector<Route> job_routes(engine::Engine& engine);

}  // namespace stator::server
