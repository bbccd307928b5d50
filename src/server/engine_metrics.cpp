#include <map>
#include <string>
#include <utility>

#include "engine/engine.h"
#include "server/route.h"

namespace stator::server {
namespace {

using core::MetricKind;
using core::MetricsText;

/// The number of jobs by name and state; single jobs would need their table's name. Ended jobs are not counted.
void append_jobs(const std::vector<engine::JobInfo>& jobs, MetricsText& out) {
  std::map<std::pair<std::string, engine::JobState>, std::uint64_t> counts;
  for (const engine::JobInfo& job : jobs) {
    if (job.state != engine::JobState::kEnded) ++counts[{job.name, job.state}];
  }
  out.begin("stator_jobs", MetricKind::kGauge, "Background jobs, by name and state.");
  for (const auto& [job, count] : counts) {
    out.sample(count, {{"name", job.first}, {"state", engine::job_state_name(job.second)}});
  }
}

struct StoreFigure {
  std::string_view name;
  MetricKind kind;
  std::string_view help;
  std::uint64_t store::Figures::*value;
};

constexpr StoreFigure kStoreFigures[] = {
    {"stator_store_table_bytes", MetricKind::kGauge, "Bytes of the store's tables, on the disk or in memory.",
     &store::Figures::table_bytes},
    {"stator_store_memtable_bytes", MetricKind::kGauge, "Bytes of writes in memory that are not in a table yet.",
     &store::Figures::memtable_bytes},
    {"stator_store_block_cache_bytes", MetricKind::kGauge, "Bytes of blocks of tables that are kept in memory.",
     &store::Figures::block_cache_bytes},
    {"stator_store_row_cache_bytes", MetricKind::kGauge, "Bytes of items that are kept in memory.",
     &store::Figures::row_cache_bytes},
    {"stator_store_pending_merge_bytes", MetricKind::kGauge, "Bytes of tables that are to be merged, as estimated.",
     &store::Figures::pending_merge_bytes},
    {"stator_store_merges", MetricKind::kGauge, "Merges of tables that are under way.", &store::Figures::merges},
    {"stator_store_flushes", MetricKind::kGauge, "Writings of memory to tables that are under way.",
     &store::Figures::flushes},
    {"stator_store_failures_total", MetricKind::kCounter,
     "How often the store stopped taking writes for an error, such as a full disk.", &store::Figures::failures},
};

}  // namespace

core::MetricSource engine_metrics(engine::Engine& engine) {
  return [&engine](MetricsText& out) {
    const auto figures = engine.try_figures();
    out.one(
        "stator_restoring", MetricKind::kGauge,
        "1 while the database is restored to a snapshot and calls wait, and after that has failed; figures of it are "
        "missing then.",
        static_cast<std::uint64_t>(figures ? 0 : 1));
    if (!figures) return;
    out.one("stator_tables", MetricKind::kGauge, "Tables.", figures->tables);
    append_jobs(figures->jobs, out);
    for (const StoreFigure& figure : kStoreFigures) {
      out.one(figure.name, figure.kind, figure.help, figures->store.*figure.value);
    }
    out.one("stator_store_failing", MetricKind::kGauge, "1 while the store takes no writes for an error.",
            static_cast<std::uint64_t>(figures->store.failing ? 1 : 0));
    out.one("stator_store_writes_stopped", MetricKind::kGauge, "1 while writes wait for the store to catch up.",
            static_cast<std::uint64_t>(figures->store.writes_stopped ? 1 : 0));
  };
}

}  // namespace stator::server
