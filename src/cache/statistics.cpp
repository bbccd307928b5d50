#include <algorithm>
#include <array>

#include "cache/caching.h"
#include "cache/state.h"
#include "json/object_writer.h"

namespace stator::cache {
namespace {

using core::MetricKind;

/// A figure in both output formats.
template <typename From>
struct Figure {
  std::string_view member;  // name in the JSON
  std::string_view metric;
  MetricKind kind;
  std::string_view help;
  std::uint64_t (*value)(const From& from);
};

struct Whole {
  const State& state;
  Store::Totals entries;
};

constexpr Figure<Whole> kFigures[] = {
    {"upstream_requests", "stator_cache_upstream_requests_total", MetricKind::kCounter,
     "Requests sent on to the upstream.", [](const Whole& whole) { return whole.state.upstream_calls.load(); }},
    {"entries", "stator_cache_entries", MetricKind::kGauge, "Entries.",
     [](const Whole& whole) -> std::uint64_t { return whole.entries.entries; }},
    {"bytes", "stator_cache_bytes", MetricKind::kGauge, "Bytes that the entries take.",
     [](const Whole& whole) -> std::uint64_t { return whole.entries.size_bytes; }},
    {"capacity_bytes", "stator_cache_capacity_bytes", MetricKind::kGauge, "Bytes that the entries may take.",
     [](const Whole& whole) -> std::uint64_t { return whole.entries.capacity_bytes; }},
    {"evicted", "stator_cache_evictions_total", MetricKind::kCounter, "Entries that made room for others.",
     [](const Whole& whole) { return whole.entries.evicted; }},
    {"refused_fills", "stator_cache_refused_fills_total", MetricKind::kCounter,
     "Replies of the upstream that were too old to keep.", [](const Whole& whole) { return whole.entries.refused; }},
    {"joined", "stator_cache_joined_requests_total", MetricKind::kCounter,
     "Misses that waited for another request of the same thing.",
     [](const Whole& whole) { return whole.entries.joined; }},
};

struct Shared {
  bool is_up;
  SharedLevel::Totals totals;
};

/// Hits and misses are one family of metrics.
constexpr std::string_view kSharedReads = "stator_cache_shared_reads_total";
constexpr Figure<Shared> kSharedReadFigures[] = {
    {"hit", kSharedReads, MetricKind::kCounter, "", [](const Shared& shared) { return shared.totals.hits; }},
    {"miss", kSharedReads, MetricKind::kCounter, "", [](const Shared& shared) { return shared.totals.misses; }},
};
constexpr Figure<Shared> kSharedFigures[] = {
    {"failures", "stator_cache_shared_failures_total", MetricKind::kCounter,
     "Commands that the shared level refused or did not answer.",
     [](const Shared& shared) { return shared.totals.failures; }},
    {"told", "stator_cache_shared_changes_total", MetricKind::kCounter, "Changes that other nodes told of.",
     [](const Shared& shared) { return shared.totals.changes_received; }},
};

/// How reads were answered.
struct Result {
  std::string_view name;
  std::atomic<std::uint64_t> Counters::*count;
};
constexpr Result kResults[] = {{how::kHit, &Counters::hits},
                               {how::kMiss, &Counters::misses},
                               {how::kStale, &Counters::stale},
                               {how::kPass, &Counters::passed}};

constexpr Figure<Table> kStreamFigures[] = {
    {"records", "stator_cache_stream_records_total", MetricKind::kCounter, "Records read of the tables' streams.",
     [](const Table& table) { return table.records.load(); }},
    {"dropped", "stator_cache_stream_dropped_total", MetricKind::kCounter,
     "Entries, and running reads, that these invalidated.", [](const Table& table) { return table.dropped.load(); }},
};

template <typename From>
void append(const Figure<From>& figure, const From& from, json::ObjectWriter& out) {
  out.integer(figure.member, static_cast<std::int64_t>(figure.value(from)));
}

template <typename From>
void append(const Figure<From>& figure, const From& from, core::MetricsText& out) {
  out.one(figure.metric, figure.kind, figure.help, figure.value(from));
}

void append_table(Table& table, std::string& out) {
  json::ObjectWriter of_table(out);
  of_table.text("table", table.name);
  for (std::size_t i = 0; i < kReadKinds; ++i) {
    const auto kind = static_cast<ReadKind>(i);
    json::ObjectWriter of_kind(of_table.key(read_kind_name(kind)));
    for (const Result& result : kResults) {
      of_kind.integer(result.name, static_cast<std::int64_t>((table.count(kind).*result.count).load()));
    }
    of_kind.integer("ttl_ms", table.lifetime_ms(kind));
    of_kind.end();
  }
  if (table.followed.load()) {
    json::ObjectWriter stream(of_table.key("stream"));
    for (const Figure<Table>& figure : kStreamFigures) append(figure, table, stream);
    stream.integer("lag_ms", table.lag_ms.load());
    stream.end();
  }
  of_table.end();
}

void append_reads(const std::vector<Table*>& tables, core::MetricsText& out) {
  out.begin("stator_cache_reads_total", MetricKind::kCounter, "Reads, by operation and how they were answered.");
  for (std::size_t i = 0; i < kReadKinds; ++i) {
    const auto kind = static_cast<ReadKind>(i);
    for (const Result& result : kResults) {
      std::uint64_t sum = 0;
      for (Table* const table : tables) sum += (table->count(kind).*result.count).load();
      out.sample(sum, {{"operation", read_kind_name(kind)}, {"result", result.name}});
    }
  }
}

/// The counts of tables that are not followed any more stay in the sums, since counters must not go down.
void append_streams(const std::vector<Table*>& tables, core::MetricsText& out) {
  for (const Figure<Table>& figure : kStreamFigures) {
    std::uint64_t sum = 0;
    for (const Table* const table : tables) sum += figure.value(*table);
    out.one(figure.metric, figure.kind, figure.help, sum);
  }
  std::uint64_t followed = 0;
  std::int64_t lag_ms = 0;
  for (const Table* const table : tables) {
    if (!table->followed.load()) continue;
    ++followed;
    lag_ms = std::max(lag_ms, table->lag_ms.load());
  }
  out.one("stator_cache_stream_tables", MetricKind::kGauge, "Tables whose streams are followed.", followed);
  out.one("stator_cache_stream_lag_seconds", MetricKind::kGauge,
          "From a change until it was known here: the longest of the last records of all streams.",
          static_cast<double>(lag_ms) / 1000);
}

}  // namespace

void Caching::append_statistics(std::string& out) const {
  const Whole whole{*state_, state_->store.totals()};
  json::ObjectWriter writer(out);
  writer.text("upstream", upstream_->describe());
  for (const Figure<Whole>& figure : kFigures) append(figure, whole, writer);
  if (state_->shared != nullptr) {
    const Shared shared{state_->shared->is_up(), state_->shared->totals()};
    json::ObjectWriter of_shared(writer.key("shared"));
    of_shared.flag("up", shared.is_up);
    for (const Figure<Shared>& figure : kSharedReadFigures) append(figure, shared, of_shared);
    for (const Figure<Shared>& figure : kSharedFigures) append(figure, shared, of_shared);
    of_shared.end();
  }
  json::ArrayWriter tables(writer.key("tables"));
  for (Table* const table : state_->tables.all()) append_table(*table, tables.element());
  tables.end();
  writer.end();
}

void Caching::append_metrics(core::MetricsText& out) const {
  const Whole whole{*state_, state_->store.totals()};
  for (const Figure<Whole>& figure : kFigures) append(figure, whole, out);
  if (state_->shared != nullptr) {
    const Shared shared{state_->shared->is_up(), state_->shared->totals()};
    out.one("stator_cache_shared_up", MetricKind::kGauge, "Whether the shared level can be reached.",
            static_cast<std::uint64_t>(shared.is_up ? 1 : 0));
    out.begin(kSharedReads, MetricKind::kCounter, "Reads of the shared level, by what they found.");
    for (const Figure<Shared>& figure : kSharedReadFigures) {
      out.sample(figure.value(shared), {{"result", figure.member}});
    }
    for (const Figure<Shared>& figure : kSharedFigures) append(figure, shared, out);
  }
  const std::vector<Table*> tables = state_->tables.all();
  append_reads(tables, out);
  append_streams(tables, out);
}

}  // namespace stator::cache
