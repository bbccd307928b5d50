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

/// The state that the operations of a cache share, and the operations.
namespace stator::cache {

namespace how {
inline constexpr std::string_view kHit = "hit";
inline constexpr std::string_view kMiss = "miss";
inline constexpr std::string_view kStale = "stale";
inline constexpr std::string_view kPass = "pass";
}  // namespace how

/// The fences of items and partitions. Several share one.
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
  /// Requests that were sent on.
  std::atomic<std::uint64_t> upstream_calls{0};

  /// Null: there is none.
  std::unique_ptr<SharedLevel> shared;

  [[nodiscard]] std::int64_t now_ms() const { return options.clock->now_ms(); }
  /// Whether entries may be used: without the shared level a node does not learn of the writes of others.
  [[nodiscard]] bool may_answer() const { return shared == nullptr || shared->is_up(); }
  /// The access key whose entries a request may use; empty: all share them.
  [[nodiscard]] std::string_view caller_of(const endpoint::Request& request) const {
    return options.trust_callers ? std::string_view() : request.access_key_id;
  }
  /// Whether the shared level, asked before a read, lets the result be kept: no other node was writing then what was
  /// read, and none of their writes was in doubt.
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

/// The names by which fences are known to the other nodes of a shared level: an item's and a partition's are their
/// entry keys, a table's is its name.
inline std::string any_item_name(std::string_view table) { return std::string(table) + '\0' + 'a'; }

/// The names of a caller's entry in the shared level. Fences go by the table's name alone, as a write may not know
/// more.
inline SharedLevel::Place shared_place(const EntryKey& key, std::string_view caller, std::string own,
                                       const Table& table, const Schema& schema) {
  std::string name = key.text;
  for (const std::string_view part : {caller, std::string_view(schema.identity)}) (name += '\0') += part;
  return {.value = std::move(name), .own = std::move(own), .table = table.name};
}

/// Drops an item, and whatever was read of it, or of its partition and table, and is not kept yet.
void drop_item(State& state, Table& table, const std::string& canonical_key, const Doubt& doubt);

/// A parser for the current scope, as the upstream uses the thread's parser while this request is still needed.
class BorrowedParser {
 public:
  BorrowedParser();
  ~BorrowedParser();
  BorrowedParser(const BorrowedParser&) = delete;
  BorrowedParser& operator=(const BorrowedParser&) = delete;
  /// As json::Parser::parse.
  json::Value parse(std::string_view text, std::size_t padding_bytes = 0);

 private:
  bool is_kept_ = true;
  std::unique_ptr<json::Parser> parser_;
};

/// A read or write whose request was parsed and found to be one that the upstream would not refuse unseen.
struct Incoming {
  const endpoint::Request& request;
  const api::Operation& operation;
  api::Members members;
};

/// Thrown for a request that the cache cannot read: the upstream answers it, with its own errors.
struct NotUnderstood {};

/// Runs `read_request`, which throws ApiError where the request is faulty.
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

/// How a read is to be continued.
enum class Answer : std::uint8_t {
  kDone,       // the reply was appended
  kPass,       // the cache cannot answer it: it goes upstream unchanged
  kWouldWait,  // it must not wait, and would
};

/// Each appends the reply, or returns why it could not. `at_once`: without waiting. Throws
/// ApiError of the upstream, and NotUnderstood.
Answer get_item(State& state, const Incoming& incoming, bool at_once, std::string& reply);
Answer batch_get_item(State& state, const Incoming& incoming, bool at_once, std::string& reply);
Answer read_page(State& state, const Incoming& incoming, bool at_once, std::string& reply);
Answer transact_get_items(State& state, const Incoming& incoming, std::string& reply);
/// Counts a read of a kind of the cached ones that went upstream unchanged.
void count_passed(State& state, std::string_view operation, const json::Value& request);
/// A write of single items goes upstream, fenced; what it leaves is kept where it is known. Appends the reply. Throws
/// NotUnderstood before anything is done.
void write_items(State& state, const Incoming& incoming, std::string& reply);
/// The same for one that does not tell which items it changes: all of its tables' are dropped. Null: nor which tables.
void write_tables(State& state, const endpoint::Request& request, const json::Value* value, std::string& reply);

/// The entry that may answer in place of an upstream that fails (stale_if_error): fresh, or else there is none.
Found find_stale(State& state, const EntryKey& key, std::string_view caller);
/// The request with the time that the upstream has where there is such an entry.
endpoint::Request hurried(const State& state, const endpoint::Request& request);
/// Whether there is such an entry for what came in.
inline bool has_reserve(State& state, const Incoming& incoming, const EntryKey& key) {
  return find_stale(state, key, state.caller_of(incoming.request)).freshness == Freshness::kFresh;
}
/// Whether the error of this request is also for those who wait for its answer: not after its deadline, as they have
/// deadlines of their own, unless all hurry for the same entry.
inline bool is_for_all_who_wait(State& state, const Incoming& incoming, const EntryKey& key,
                                const core::ApiError& error) {
  // A policy may allow others what they ask for: other attributes, or by another operation.
  if (error.type == core::ErrorCode::kAccessDenied) return false;
  return has_reserve(state, incoming, key) || std::chrono::steady_clock::now() < incoming.request.deadline;
}
/// Calls `read_through` with what came in, hurried where there is such an entry.
template <typename ReadThrough>
void read_with_reserve(State& state, const Incoming& incoming, const EntryKey& key, const ReadThrough& read_through) {
  if (!has_reserve(state, incoming, key)) return read_through(incoming);
  const endpoint::Request request = hurried(state, incoming.request);
  read_through(Incoming{request, incoming.operation, incoming.members});
}
/// How a read was answered, as a counter.
using CountedAs = std::atomic<std::uint64_t> Counters::*;

/// Counts a read when it ends, also with an error, as what it has turned out to be until then: a read that were counted
/// before and again would make a count sink.
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
/// The item as it is stored, out of a reply's member of that name (an absent one is null); false where it has none that
/// can be kept.
bool read_item(const json::Object& reply, std::string_view member, Value& item);
/// Appends `"ConsumedCapacity"`'s value for a read that consumed nothing.
void append_no_capacity(std::string_view table, api::CapacityDetail detail, std::string& out);
/// Notes how the request was answered.
inline void note(const endpoint::Request& request, std::string_view how) {
  if (request.notes != nullptr) request.notes->cache = how;
}

}  // namespace stator::cache
