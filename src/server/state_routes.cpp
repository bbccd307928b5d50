#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/api_error.h"
#include "core/manual_clock.h"
#include "core/timestamp.h"
#include "engine/engine.h"
#include "json/object_writer.h"
#include "server/json_body.h"
#include "server/route.h"

namespace stator::server {
namespace {

using endpoint::Effort;

/// How long a request that moves the clock waits for the jobs that became due.
constexpr std::chrono::seconds kPatience{10};

constexpr std::string_view kNoSuchTime = "The time must be one from 1970 to 9999";

std::int64_t time_to_set(std::string_view text_of_body) {
  const JsonBody body(text_of_body, {"now", "now_ms"});
  body.expect_not_both("now", "now_ms");
  if (const auto milliseconds = body.integer("now_ms")) return *milliseconds;
  const auto text = body.text("now");
  if (!text) core::throw_validation(R"(Say {"now": "2026-11-26T12:00:00Z"} or {"now_ms": 1795694400000})");
  const auto time = core::parse_timestamp(*text);
  if (!time) core::throw_validation("now must be a time with its offset, as 2026-11-26T12:00:00Z");
  return time->microseconds / 1000;
}

std::int64_t time_to_advance(std::string_view text_of_body) {
  const JsonBody body(text_of_body, {"seconds", "ms"});
  body.expect_not_both("seconds", "ms");
  constexpr std::int64_t kMostSeconds = core::ManualClock::kEndMs / 1000;
  if (const auto milliseconds = body.integer("ms")) return *milliseconds;
  const auto seconds = body.integer("seconds");
  if (!seconds) core::throw_validation(R"(Say {"seconds": 60} or {"ms": 1500})");
  if (*seconds > kMostSeconds || *seconds < -kMostSeconds) core::throw_validation(std::string(kNoSuchTime));
  return *seconds * 1000;
}

/// Appends the clock's time; if it was moved, also whether all jobs that became due are done (`settled`).
void append_clock(const core::Clock& clock, bool manual, std::optional<bool> settled, std::string& reply) {
  const std::int64_t now_ms = clock.now_ms();
  json::ObjectWriter writer(reply);
  writer.text("mode", manual ? "manual" : "system");
  writer.text("now", core::sortable({now_ms * 1000, 0}));
  writer.integer("now_ms", now_ms);
  if (settled) writer.flag("settled", *settled);
  writer.end();
}

template <class Move>
Route clock_route(engine::Engine& engine, core::ManualClock* clock, std::string_view path, Move move) {
  const auto answer = [&engine, clock, move](std::string_view body, std::string& reply) {
    if (clock == nullptr) {
      core::throw_validation("The clock is the system's; stator serve --clock manual has one that can be moved");
    }
    if (!move(*clock, body)) core::throw_validation(std::string(kNoSuchTime));
    const engine::GatePass pass(engine.gate());
    append_clock(*clock, true, engine.run_due_jobs(kPatience), reply);
  };
  return {.method = "POST", .path = std::string(path), .effort = Effort::kWaits, .changes = true, .answer = answer};
}

void append_snapshots(engine::Engine& engine, std::string& reply) {
  json::ObjectWriter writer(reply);
  json::ArrayWriter snapshots(writer.key("snapshots"));
  for (const engine::SnapshotInfo& snapshot : engine.snapshots().list()) {
    json::ObjectWriter one(snapshots.element());
    one.text("name", snapshot.name);
    one.text("saved", core::sortable({snapshot.saved_ms * 1000, 0}));
    one.end();
  }
  snapshots.end();
  writer.end();
}

std::string snapshot_name(const JsonBody& body) {
  const auto name = body.text("name");
  if (!name) core::throw_validation(R"(Say {"name": "before-the-test"})");
  return std::string(*name);
}

void save_snapshot(engine::Engine& engine, std::string_view text_of_body) {
  const JsonBody body(text_of_body, {"name", "settled"});
  engine.save_snapshot(snapshot_name(body), body.flag("settled").value_or(false) ? store::CheckpointKind::kSettled
                                                                                 : store::CheckpointKind::kAtOnce);
}

/// A route that makes a change to the snapshot named in the body and answers with the list of snapshots.
template <class Change>
Route snapshot_route(engine::Engine& engine, std::string_view path, Change change) {
  const auto answer = [&engine, change](std::string_view body, std::string& reply) {
    change(engine, body);
    append_snapshots(engine, reply);
  };
  return {.method = "POST", .path = std::string(path), .effort = Effort::kWaits, .changes = true, .answer = answer};
}

}  // namespace

Route identity_route(std::string id) {
  const auto answer = [id = std::move(id)](std::string_view /*body*/, std::string& reply) {
    json::ObjectWriter writer(reply);
    writer.text("id", id);
    writer.end();
  };
  return {.method = "GET", .path = "/_stator/identity", .is_public = true, .answer = answer};
}

std::vector<Route> clock_routes(engine::Engine& engine, core::ManualClock* clock) {
  const auto show = [&engine, clock](std::string_view /*body*/, std::string& reply) {
    const engine::GatePass pass(engine.gate());
    append_clock(engine.clock(), clock != nullptr, std::nullopt, reply);
  };
  return {
      {.method = "GET", .path = "/_stator/clock", .effort = Effort::kItem, .answer = show},
      clock_route(engine, clock, "/_stator/clock/set",
                  [](core::ManualClock& moved, std::string_view body) { return moved.set(time_to_set(body)); }),
      clock_route(engine, clock, "/_stator/clock/advance",
                  [](core::ManualClock& moved, std::string_view body) { return moved.advance(time_to_advance(body)); }),
  };
}

std::vector<Route> snapshot_routes(engine::Engine& engine) {
  const auto list = [&engine](std::string_view /*body*/, std::string& reply) { append_snapshots(engine, reply); };
  const auto reset = [&engine](std::string_view body, std::string& reply) {
    const JsonBody nothing(body, {});
    engine.reset();
    reply += "{}";
  };
  return {
      {.method = "GET", .path = "/_stator/snapshots", .effort = Effort::kWaits, .answer = list},
      snapshot_route(engine, "/_stator/snapshots/save", &save_snapshot),
      snapshot_route(engine, "/_stator/snapshots/restore",
                     [](engine::Engine& of, std::string_view body) {
                       of.restore_snapshot(snapshot_name({body, {"name"}}));
                     }),
      snapshot_route(engine, "/_stator/snapshots/drop",
                     [](engine::Engine& of, std::string_view body) {
                       of.drop_snapshot(snapshot_name({body, {"name"}}));
                     }),
      {.method = "POST", .path = "/_stator/reset", .effort = Effort::kWaits, .changes = true, .answer = reset},
  };
}

}  // namespace stator::server
