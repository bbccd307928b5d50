#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stator/export.h"

/// Stator's embedding API: DynamoDB inside your process. Link with `stator` (see examples/embed.cpp).
namespace stator {

struct OpenOptions {
  /// Data directory, created if missing; a relative path is resolved against the working directory at the opening.
  /// Empty: in memory, gone with the Database.
  std::string directory = {};
  /// Waits for the disk before acknowledging a write, which then survives power loss. Otherwise an acknowledged write
  /// survives the death of the process, but not of the machine.
  bool sync = false;
  /// Called with one line, from any thread, for events that belong to no call: disk faults and their end, items that
  /// an import skips. Must neither throw nor call the database. Empty: nothing is printed.
  std::function<void(std::string_view line)> log = {};
  /// Start time, in milliseconds since 1970, of a clock that only `set_clock` and `advance_clock` move; times to live
  /// and the ages of stream records and tokens follow it. Empty: the machine's clock.
  std::optional<std::int64_t> clock_ms = std::nullopt;
  /// In milliseconds, up to an hour each: how stale eventually consistent reads may be, how far global indexes may lag
  /// behind their tables, and how late stream records appear. The seed and the number of a read decide how stale it is
  /// (docs/simulate.md).
  std::int64_t read_staleness_ms = 0;
  std::int64_t index_lag_ms = 0;
  std::int64_t stream_lag_ms = 0;
  std::uint64_t staleness_seed = 1;
  /// Refuses requests beyond the throughput of tables, indexes and partitions, as AWS does.
  bool enforce_throughput = false;
  /// How long tables and indexes stay CREATING, UPDATING and DELETING, in milliseconds.
  std::int64_t transition_delay_ms = 0;
  /// Number of shards of a new stream, up to 1000. 0: as on AWS, four for an on-demand table, one for each 3000 read
  /// and 1000 write units of a provisioned one.
  std::uint32_t stream_shards = 0;
  /// Where exports go and imports come from: the bucket NAME is the folder NAME in it. Empty: no buckets.
  std::string buckets = {};
};

/// The result of an operation.
struct Result {
  /// True: `body` is the reply. False: `body` is the error body and `error_type` its bare type.
  bool ok = false;
  /// JSON, as DynamoDB sends it.
  std::string body;
  /// "ValidationException", "ConditionalCheckFailedException", …; empty when ok.
  std::string error_type;
  /// The error's message; empty when ok.
  std::string error_message;
  /// The HTTP status that the service sends: 200, 400, 413, 500 or 503; 0 if Delivery::cut.
  int http_status = 200;
};

/// What the rules of Database::simulate do to a reply, for callers that do it themselves.
struct Delivery {
  /// How long to delay the reply.
  std::int64_t hold_ms = 0;
  /// The connection is cut instead of a reply; `body` is empty.
  bool cut = false;
};

/// How long a call may occupy its thread.
enum class Effort : std::uint8_t {
  kItem,   // usually microseconds: one item, or a description
  kPage,   // milliseconds: a page, a batch or a transaction
  kWaits,  // waits for the disk, or for other work to finish
};

/// Answers DynamoDB operations: a Database, a wrapper around one (stator/wrappers.h), or a class of your own. Must be
/// safe to call from several threads at once.
class STATOR_API Endpoint {
 public:
  virtual ~Endpoint() = default;
  /// Calls one operation by its DynamoDB name. Errors in the request do not throw: they are in the Result.
  virtual Result call(std::string_view operation, std::string_view request_json) = 0;

 protected:
  Endpoint() = default;
  Endpoint(const Endpoint&) = default;
  Endpoint& operator=(const Endpoint&) = default;
};

/// An open database. Safe to use from several threads at once. Only one process at a time can have a directory open.
class STATOR_API Database : public Endpoint {
 public:
  /// Throws std::runtime_error with one line for the user: the directory is held by another process, damaged, or not
  /// Stator's; options are out of range (times of more than an hour).
  static Database open(const OpenOptions& options);
  /// Opens a database in memory.
  static Database open_in_memory();

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  /// Closes cleanly: the next open has nothing to replay.
  ~Database() override;

  /// Calls one operation by its DynamoDB name, e.g. call("PutItem", R"({"TableName":"t","Item":{"pk":{"S":"a"}}})"), or
  /// by the target that SDKs send ("DynamoDB_20120810.PutItem"). Errors in the request do not throw: they are in the
  /// Result.
  Result call(std::string_view operation, std::string_view request_json) override;
  /// The same for a client that calls `region`, which decides which ARNs it may name.
  Result call(std::string_view operation, std::string_view request_json, std::string_view region);
  /// The same for callers that delay replies and cut connections themselves, as `delivery` says afterwards. The other
  /// two overloads wait before they return, and report a cut connection as ServiceUnavailable.
  Result call(std::string_view operation, std::string_view request_json, std::string_view region, Delivery& delivery);
  /// What to expect of an operation, for callers whose thread must not be blocked.
  [[nodiscard]] Effort effort(std::string_view operation) const;

  // Snapshots of the whole database. Neither saving nor restoring takes longer for a larger database; on a disk,
  // saving also flushes recent writes. All throw std::runtime_error with one line.

  /// Saves the database as it is now, replacing an earlier snapshot of that name: 1 to 64 letters, digits, hyphens,
  /// underscores and dots. On a disk snapshots outlive the Database, in memory they end with it.
  void save_snapshot(std::string_view name);
  /// Replaces the whole database with the snapshot. Running calls finish first, later ones wait.
  void restore_snapshot(std::string_view name);
  void drop_snapshot(std::string_view name);
  /// Returns the names of the snapshots, sorted.
  [[nodiscard]] std::vector<std::string> snapshots() const;
  /// Restores the snapshot "start" if it exists; else empties the database.
  void reset();

  /// Injects faults by rules and a seed (docs/simulate.md). Replaces earlier rules and their counts; "{}": no rules.
  /// The database's clock decides when a rule applies. Throws std::runtime_error that says what is wrong with the
  /// rules, and keeps the earlier ones.
  void simulate(std::string_view rules_json);
  /// How many calls each rule matched, and how many it acted on: JSON, as from `GET /_stator/simulate`.
  [[nodiscard]] std::string simulated() const;

  /// The database's time, in milliseconds since 1970.
  [[nodiscard]] std::int64_t clock_ms() const;
  /// Moves the clock of a database opened with `clock_ms`, and returns once everything that became due is done (expired
  /// items and old stream records are deleted). Throws std::logic_error for a database on the machine's clock,
  /// std::runtime_error for times before 1970 or after 9999.
  void set_clock(std::int64_t now_ms);
  void advance_clock(std::int64_t by_ms);

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  [[nodiscard]] Impl& impl() const;
  std::unique_ptr<Impl> impl_;
};

/// "0.1.0"
STATOR_API std::string_view version();

}  // namespace stator
