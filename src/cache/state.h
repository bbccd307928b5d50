#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "api/members.h"
#include "api/operations.h"
#include "api/requests/options.h"
#include "cache/options.h"
#include "cache/shared_level.h"
#include "cache/store.h"
#include "cache/tables.h"
#include "core/api_error.h"
#include "endpoint/endpoint.h"
#include "json/reader.h"

/// The state shared by a cache's operations, and the operations.
namespace stator::cache {

namespace how {
inline constexpr std::string_view kHit = "hit";
inline constexpr std::string_view kMiss = "miss";
inline constexpr std::string_view kStale = "stale";
inline constexpr std::string_view kPass = "pass";
}  // namespace how

/// The fences of items and partitions; several share one fence.
class Fences {
 public:
  Fence& of_item(const EntryKey& key) { return items_[(key.hash >> 20U) % items_.size()]; }
  Fence& of_partition(const EntryKey& partition) { return partitions_[(partition.hash >> 20U) % partitions_.size()]; }

 private:
  std::array<Fence, 16384> items_;
  std::array<Fence, 4096> partitions_;
};

struct State {
  State(endpoint::Endpoint& upstream_endpoint, Options cache_options)
      : upstream(upstream_endpoint),
        options(std::move(cache_options)),
        tables(options),
        fences(std::make_unique<Fences>()),
        store(options.capacity_bytes) {}

  endpoint::Endpoint& upstream;
  const Options options;
  Tables tables;
  std::unique_ptr<Fences> fences;
  Store store;
  /// Number of requests sent to the upstream.
  std::atomic<std::uint64_t> upstream_calls{0};

  /// Null if there is no shared level.
  std::unique_ptr<SharedLevel> shared;

  [[nodiscard]] std::int64_t now_ms() const { return options.clock->now_ms(); }
  /// Whether entries may be used: while the shared level is down, a node does not learn of the writes of other nodes.
  [[nodiscard]] bool may_answer() const { return shared == nullptr || shared->is_up(); }
  /// The access key whose entries a request may use; empty if all callers share entries.
  [[nodiscard]] std::string_view caller_of(const endpoint::Request& request) const {
    return options.trust_callers ? std::string_view() : request.access_key_id;
  }
  /// Whether a result may be cached according to the shared level, which was asked before the read: no other node was
  /// writing then, and none of their writes was in doubt.
  [[nodiscard]] bool may_keep(const SharedLevel::Tokens& tokens) const { return shared == nullptr || tokens.good(); }
  /// Sends the request on with another body; `notes` is filled in.
  std::string ask_upstream(const endpoint::Request& request, std::string_view body, endpoint::ReplyNotes& notes) {
    endpoint::Request changed = request;
    if (body.data() != request.body.data()) {
      changed.body = body;
      changed.padding_bytes = 0;
    }
    changed.notes = &notes;
    upstream_calls.fetch_add(1, std::memory_order_relaxed);
    std::string reply;
    upstream.call(changed, reply);
    return reply;
  }
};

inline constexpr char kItemEntry = 'i';
inline constexpr char kReplyEntry = 'r';
inline constexpr char kPartition = 'p';

/// The names by which the nodes of a shared level know fences: for an item or partition its entry key, for a table its
/// name. This is the name for "any item of the table".
inline std::string any_item_name(std::string_view table) { return std::string(table) + '\0' + 'a'; }

/// The names of a caller's entry in the shared level. Fences use only the table's name, as a writer may not know more.
inline SharedLevel::Place shared_place(const EntryKey& key, std::string_view caller, std::string own,
                                       const Table& table, const Schema& schema) {
  std::string name = key.text;
  for (const std::string_view part : {caller, std::string_view(schema.identity)}) (name += '\0') += part;
  return {.value = std::move(name), .own = std::move(own), .table = table.name};
}

/// Drops an item, and prevents running reads of it, of its partition or of its table from being cached.
void drop_item(State& state, Table& table, const std::string& canonical_key, const Doubt& doubt);

/// A parser for the current scope: the upstream uses the thread's parser while this request is still needed.
class BorrowedParser {
 public:
  BorrowedParser();
  ~BorrowedParser();
  BorrowedParser(const BorrowedParser&) = delete;
  BorrowedParser& operator=(const BorrowedParser&) = delete;
  /// See json::Parser::parse.
  json::Value parse(std::string_view text, std::size_t padding_bytes = 0);

 private:
  bool is_kept_ = true;
  std::unique_ptr<json::Parser> parser_;
};

/// A read or write whose request was parsed, and which the upstream would not refuse because of its form alone.
struct Incoming {
  const endpoint::Request& request;
  const api::Operation& operation;
  api::Members members;
};

/// Thrown for a request that the cache cannot read: the upstream answers it, with its own errors.
struct NotUnderstood {};

/// Runs `read_request`, which throws ApiError if the request is invalid; throws NotUnderstood instead.
template <class Read>
auto understand(const Read& read_request) {
  try {
    return read_request();
  } catch (const core::ApiError&) {
    throw NotUnderstood();
  }
}

/// The effect of a request that may have written.
enum class Outcome : std::uint8_t { kNothing, kDone, kUnknown };

/// How to continue with a read.
enum class Answer : std::uint8_t {
  kDone,       // the reply was appended
  kPass,       // the cache cannot answer it; it goes upstream unchanged
  kWouldWait,  // it would have to wait, but must not
};

/// Each appends the reply, or returns why it could not. With `must_not_wait`, kWouldWait instead of waiting. Throw the
/// upstream's ApiError, and NotUnderstood.
Answer get_item(State& state, const Incoming& incoming, bool must_not_wait, std::string& reply);
Answer batch_get_item(State& state, const Incoming& incoming, bool must_not_wait, std::string& reply);
Answer read_page(State& state, const Incoming& incoming, bool must_not_wait, std::string& reply);
Answer transact_get_items(State& state, const Incoming& incoming, std::string& reply);
/// Counts a read of a cached kind that went upstream unchanged.
void count_passed(State& state, std::string_view operation, const json::Value& request);
/// Sends a write of single items upstream, fenced; caches the resulting items if they are known. Appends the reply.
/// Throws NotUnderstood, but only before anything is done.
void write_items(State& state, const Incoming& incoming, std::string& reply);
/// The same for a write that does not say which items it changes: invalidates all items of its tables. If `value` is
/// null, the tables are unknown too.
void write_tables(State& state, const endpoint::Request& request, const json::Value* value, std::string& reply);

/// The entry that may replace the answer of a failing upstream (stale_if_error): kFresh if there is one, else kAbsent.
Found find_stale(State& state, const EntryKey& key, std::string_view caller);
/// The request with the deadline for an upstream that such an entry could replace.
endpoint::Request with_stale_deadline(const State& state, const endpoint::Request& request);
/// Whether there is such an entry for this request.
inline bool has_stale_entry(State& state, const Incoming& incoming, const EntryKey& key) {
  return find_stale(state, key, state.caller_of(incoming.request)).freshness == Freshness::kFresh;
}
/// Whether this request's error also applies to the callers that wait for its result. Not after its deadline, since
/// they have deadlines of their own, unless such an entry limited the time of all of them.
inline bool applies_to_waiters(State& state, const Incoming& incoming, const EntryKey& key,
                               const core::ApiError& error) {
  // A policy may allow others their requests: for other attributes, or with another operation.
  if (error.type == core::ErrorCode::kAccessDenied) return false;
  return has_stale_entry(state, incoming, key) || std::chrono::steady_clock::now() < incoming.request.deadline;
}
/// Calls `read_through` with the request, with a shorter deadline if there is such an entry.
template <typename ReadThrough>
void read_with_stale_deadline(State& state, const Incoming& incoming, const EntryKey& key,
                              const ReadThrough& read_through) {
  if (!has_stale_entry(state, incoming, key)) return read_through(incoming);
  const endpoint::Request request = with_stale_deadline(state, incoming.request);
  read_through(Incoming{request, incoming.operation, incoming.members});
}
/// How a read was answered, as a counter.
using CountedAs = std::atomic<std::uint64_t> Counters::*;

/// Counts a read when it ends, even with an error, by its final result. (A read counted before that would have to be
/// counted again, which would make a counter go down.)
class CountAtEnd {
 public:
  CountAtEnd(Counters& counters, const CountedAs& as) : counters_(counters), as_(as) {}
  ~CountAtEnd() { (counters_.*as_).fetch_add(1, std::memory_order_relaxed); }
  CountAtEnd(const CountAtEnd&) = delete;
  CountAtEnd& operator=(const CountAtEnd&) = delete;

 private:
  Counters& counters_;
  const CountedAs& as_;
};

/// The effect of a write that failed with this error.
Outcome outcome_of(const core::ApiError& error, const endpoint::ReplyNotes& notes);
/// Whether the error means that the service could not serve the request now.
bool is_outage(const core::ApiError& error);
/// Sets `item` to the reply's member of that name in stored form (null if absent); returns false if it cannot be
/// cached.
bool read_item(const json::Object& reply, std::string_view member, Value& item);
/// Appends the value of "ConsumedCapacity" for a read that consumed nothing.
void append_no_capacity(std::string_view table, api::CapacityDetail detail, std::string& out);
/// Notes how the request was answered.
inline void note(const endpoint::Request& request, std::string_view how) {
  if (request.notes != nullptr) request.notes->cache = how;
}

}  // namespace stator::cache
