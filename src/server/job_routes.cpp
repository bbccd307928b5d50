#include <fmt/format.h>

#include <memory>
#include <mutex>

#include "core/json_string.h"
#include "engine/engine.h"
#include "server/route.h"

namespace stator::server {
namespace {

/// Pauses the engine's jobs once, however often clients ask: the engine counts pauses, and a client that pauses twice
/// must not have to resume twice.
class JobSwitch {
 public:
  explicit JobSwitch(engine::Engine& engine) : engine_(engine) {}

  void pause() {
    const engine::GatePass pass(engine_.gate());
    const std::lock_guard lock(mutex_);
    if (!paused_) engine_.pause_jobs();
    paused_ = true;
  }
  void resume() {
    const engine::GatePass pass(engine_.gate());
    const std::lock_guard lock(mutex_);
    if (paused_) engine_.resume_jobs();
    paused_ = false;
  }
  void list(std::string& out) {
    const engine::GatePass pass(engine_.gate());
    const std::lock_guard lock(mutex_);
    out += paused_ ? R"({"paused":true,"jobs":[)" : R"({"paused":false,"jobs":[)";
    const char* separator = "";
    for (const engine::JobInfo& job : engine_.jobs()) {
      out += separator;
      append(job, out);
      separator = ",";
    }
    out += "]}";
  }

 private:
  static void append_text(std::string_view name, std::string_view text, std::string& out) {
    if (text.empty()) return;
    fmt::format_to(std::back_inserter(out), ",\"{}\":", name);
    core::append_json_string(text, out);
  }

  static void append(const engine::JobInfo& job, std::string& out) {
    out += "{\"name\":";
    core::append_json_string(job.name, out);
    append_text("table", job.table, out);
    append_text("index", job.index, out);
    fmt::format_to(std::back_inserter(out),
                   R"(,"state":"{}","items_read":{},"items_changed":{},"items_skipped":{},"failures":{})",
                   engine::job_state_name(job.state), job.progress.items_read, job.progress.items_changed,
                   job.progress.items_skipped, job.failures);
    if (job.progress.fraction) fmt::format_to(std::back_inserter(out), ",\"fraction\":{:.4f}", *job.progress.fraction);
    append_text("last_error", job.last_error, out);
    out += '}';
  }

  engine::Engine& engine_;
  std::mutex mutex_;
  bool paused_ = false;
};

}  // namespace

std::vector<Route> job_routes(engine::Engine& engine) {
  const auto jobs = std::make_shared<JobSwitch>(engine);
  const auto list = [jobs](std::string_view /*body*/, std::string& reply) { jobs->list(reply); };
  const auto pause = [jobs](std::string_view /*body*/, std::string& reply) {
    jobs->pause();
    jobs->list(reply);
  };
  const auto resume = [jobs](std::string_view /*body*/, std::string& reply) {
    jobs->resume();
    jobs->list(reply);
  };
  using endpoint::Effort;
  return {
      {.method = "GET", .path = "/_stator/jobs", .effort = Effort::kWaits, .answer = list},
      {.method = "POST", .path = "/_stator/jobs/pause", .effort = Effort::kWaits, .changes = true, .answer = pause},
      {.method = "POST", .path = "/_stator/jobs/resume", .effort = Effort::kWaits, .changes = true, .answer = resume},
  };
}

}  // namespace stator::server
