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
  /// Data directory, created when missing; a relative one is that of the working directory at the opening. Empty: in
  /// memory, gone with the Database.
  std::string directory = {};
  /// Wait for the disk before a write is acknowledged: it then survives power loss. Without it a write survives the
  /// death of the process, not of the machine.
  bool sync = false;
  /// Called with one line, from any thread, for events that no call returns: faults of the disk and their end,
  /// items that an import leaves out. Must not throw, nor call the database. Nothing is printed where it is empty.
  std::function<void(std::string_view line)> log = {};
  /// The time, in milliseconds since 1970, of a clock that only `set_clock` and `advance_clock` move; times to live and
  /// the ages of stream records and tokens follow it. Empty: the machine's clock.
  std::optional<std::int64_t> clock_ms = std::nullopt;
  /// In milliseconds: how old the state may be that an eventually consistent read sees, how far global indexes may be
  /// behind their tables, and how late stream records appear; up to an hour each. The seed and a read's number decide
  /// how old the state is that it sees (docs/simulate.md).
  std::int64_t read_staleness_ms = 0;
  std::int64_t index_lag_ms = 0;
  std::int64_t stream_lag_ms = 0;
  std::uint64_t staleness_seed = 1;
  /// Requests beyond the throughput of tables, indexes and partitions are refused, as on AWS.
  bool enforce_throughput = false;
  /// How long tables and indexes stay CREATING, UPDATING and DELETING, in milliseconds.
  std::int64_t transition_delay_ms = 0;
  /// Into how many shards new streams are split, up to 1000; 0: as on AWS, four for a table on demand, one for each
  /// 3000 read and 1000 write units that are provisioned.
  std::uint32_t stream_shards = 0;
  /// Where exports go and imports come from: the bucket NAME is the folder NAME in it. Empty: there are no buckets.
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
  /// The status that the service sends with it: 200, 400, 413, 500 or 503; 0 with Delivery::cut.
  int http_status = 200;
};

/// What is to happen to a reply by the rules of Database::simulate, in the caller's hands.
struct Delivery {
  /// For so long the reply is to be held back.
  std::int64_t hold_ms = 0;
  /// The connection is cut in the place of a reply; `body` is empty.
  bool cut = false;
};

/// How long a call may keep its thread.
enum class Effort : std::uint8_t {
  kItem,   // microseconds as a rule: one item, or a description
  kPage,   // milliseconds: a page, a batch or a transaction
  kWaits,  // for the disk, or for what must be finished first
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

/// An open database. Safe to use from several threads at once. One process at a time holds a directory.
class STATOR_API Database : public Endpoint {
 public:
  /// Throws std::runtime_error with one line for the user: directory held by another process, damaged, or not Stator's;
  /// options out of range (times of more than an hour).
  static Database open(const OpenOptions& options);
  /// A database in memory.
  static Database open_in_memory();

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  /// Closes cleanly: nothing has to be replayed at the next open.
  ~Database() override;

  /// Calls one operation by its DynamoDB name, e.g. call("PutItem", R"({"TableName":"t","Item":{"pk":{"S":"a"}}})"), or
  /// by the target that SDKs send ("DynamoDB_20120810.PutItem"). Errors in the request do not throw: they are in the
  /// Result.
  Result call(std::string_view operation, std::string_view request_json) override;
  /// The same for a client that believes to call `region`, which decides about ARNs that it may name.
  Result call(std::string_view operation, std::string_view request_json, std::string_view region);
  /// The same for callers that hold replies back and cut connections themselves, as `delivery` says afterwards. The
  /// other two wait before they return, and a connection that is cut is ServiceUnavailable.
  Result call(std::string_view operation, std::string_view request_json, std::string_view region, Delivery& delivery);
  /// What to expect of an operation, for callers with a thread that must not be kept.
  [[nodiscard]] Effort effort(std::string_view operation) const;

  // Saved states of the whole database. Neither saving nor restoring takes longer for a larger database; on a disk,
  // saving also writes out what was written since the store last flushed. All throw std::runtime_error with one line.

  /// Saves the database as it is now, in the place of an earlier snapshot of that name: 1 to 64 letters, digits,
  /// hyphens, underscores and points. On a disk snapshots outlive the Database, in memory they end with it.
  void save_snapshot(std::string_view name);
  /// Replaces the whole database by the snapshot. Running calls finish first, later ones wait.
  void restore_snapshot(std::string_view name);
  void drop_snapshot(std::string_view name);
  /// Their names, sorted.
  [[nodiscard]] std::vector<std::string> snapshots() const;
  /// Restores the snapshot "start" where there is one; else the database is empty.
  void reset();

  /// Lets calls go wrong by rules and a seed (docs/simulate.md), in the place of earlier rules, whose counts end; "{}":
  /// none. The database's clock decides when a rule holds. Throws std::runtime_error that says what is wrong with the
  /// rules, with the earlier ones still there.
  void simulate(std::string_view rules_json);
  /// How many calls each rule was for, and how many it did something to: JSON, as from `GET /_stator/simulate`.
  [[nodiscard]] std::string simulated() const;

  /// The database's time, in milliseconds since 1970.
  [[nodiscard]] std::int64_t clock_ms() const;
  /// Moves the clock of a database that was opened with `clock_ms`, and returns when what has become due is done
  /// (expired items are deleted, old stream records too). Throws std::logic_error for a database on the machine's
  /// clock, std::runtime_error for times before 1970 or after 9999.
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
