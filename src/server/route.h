#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "endpoint/endpoint.h"

namespace stator::core {
class ManualClock;
}
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

/// The clock of `engine` (docs/server.md); null: it is the system's. Both must outlive the routes.
///   GET /_stator/clock            what it says
///   POST /_stator/clock/set       {"now": "2026-11-26T12:00:00Z"} or {"now_ms": 1795694400000}
///   POST /_stator/clock/advance   {"seconds": 60} or {"ms": 1500}; less than none goes back
/// The last two return when what has become due is done, or after ten seconds.
std::vector<Route> clock_routes(engine::Engine& engine, core::ManualClock* clock);

/// The saved states of `engine`, which must outlive the routes (docs/server.md):
///   GET /_stator/snapshots             by name
///   POST /_stator/snapshots/save       {"name": "before-the-test"}; the same for the next two
///   POST /_stator/snapshots/restore
///   POST /_stator/snapshots/drop
///   POST /_stator/reset                to the snapshot "start", else to an empty database
std::vector<Route> snapshot_routes(engine::Engine& engine);

}  // namespace stator::server
