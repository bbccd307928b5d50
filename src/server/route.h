#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/metrics.h"
#include "endpoint/endpoint.h"

namespace stator::core {
class ManualClock;
}
namespace stator::engine {
class Engine;
}

/// The server's own paths beside DynamoDB's protocol: all are below /_stator/, except the metrics.
namespace stator::server {

inline constexpr std::string_view kJsonType = "application/json";
/// The path that Prometheus uses by default.
inline constexpr std::string_view kMetricsPath = "/metrics";

/// One method of one path. The web rules apply to it too. If the server has keys (Options::credentials), the request
/// must be signed with one that is not limited to certain tables.
struct Route {
  /// "GET" (which also answers HEAD) or "POST".
  std::string method;
  /// "/_stator/jobs"
  std::string path;
  endpoint::Effort effort = endpoint::Effort::kItem;
  /// Denied to read-only keys.
  bool changes = false;
  /// Answered even without a signature.
  bool is_public = false;
  /// Content type of a successful reply.
  std::string_view content_type = kJsonType;
  /// Appends the reply to a request with this body. Called from several threads at once. Throws core::ApiError.
  std::function<void(std::string_view body, std::string& reply)> answer;
};

/// The identity of this server (docs/server.md):
///   GET /_stator/identity   {"id": "…"}
Route identity_route(std::string id);

/// The metrics of `engine`, which must outlive the source. Does not wait for a restore.
core::MetricSource engine_metrics(engine::Engine& engine);

/// The background jobs of `engine`, which must outlive the routes (docs/server.md):
///   GET /_stator/jobs           running, waiting and recently ended jobs
///   POST /_stator/jobs/pause    returns when the current step has ended; no job runs until the next
///   POST /_stator/jobs/resume
std::vector<Route> job_routes(engine::Engine& engine);

/// The clock of `engine` (docs/server.md); null if it uses the system's. Both must outlive the routes.
///   GET /_stator/clock            its time
///   POST /_stator/clock/set       {"now": "2026-11-26T12:00:00Z"} or {"now_ms": 1795694400000}
///   POST /_stator/clock/advance   {"seconds": 60} or {"ms": 1500}; negative numbers go back
/// The last two return when all jobs that became due are done, or after ten seconds.
std::vector<Route> clock_routes(engine::Engine& engine, core::ManualClock* clock);

/// The most accessed keys of a table with contributor insights (docs/server.md). `engine` must outlive the routes.
///   POST /_stator/insights   {"table": "shop", "index": "by-date", "limit": 10}
std::vector<Route> insights_routes(engine::Engine& engine);

/// The saved states of `engine`, which must outlive the routes (docs/server.md):
///   GET /_stator/snapshots             sorted by name
///   POST /_stator/snapshots/save       {"name": "before-the-test"}; the same for the next two
///   POST /_stator/snapshots/restore
///   POST /_stator/snapshots/drop
///   POST /_stator/reset                to the snapshot "start", else to an empty database
std::vector<Route> snapshot_routes(engine::Engine& engine);

}  // namespace stator::server
