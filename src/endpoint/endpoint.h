#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace stator::endpoint {

/// The two APIs that an endpoint answers; X-Amz-Target names one of them.
enum class Service : std::uint8_t {
  kDynamoDb,         // DynamoDB_20120810
  kDynamoDbStreams,  // DynamoDBStreams_20120810
};

/// What an endpoint reports about its reply in addition to the body.
struct ReplyNotes {
  /// How a cache answered: "hit", "miss", "stale" or "pass"; empty without a cache.
  std::string_view cache = {};
  /// An attempt ended without an answer, or with an internal error of the service: whatever the last answer is, a write
  /// may have happened.
  bool uncertain = false;

  /// Set by callers that obey `hold` and `cut`. For other callers the endpoint itself waits, and a cut connection is
  /// reported as ServiceUnavailable.
  bool obeyed = false;
  /// How long to delay the reply or error.
  std::chrono::milliseconds hold{0};
  /// Close the connection instead of answering.
  bool cut = false;
  /// The call was not made, and can never be combined with others.
  bool alone = false;
};

/// One request for a DynamoDB operation.
struct Request {
  /// "GetItem"; without the target's version prefix.
  std::string_view operation;
  /// The request body, JSON.
  std::string_view body;
  /// Number of readable bytes after `body` (simdjson needs some, and copies the text if there are too few).
  std::size_t padding_bytes = 0;

  // About the caller; empty if the request did not come through a server.
  Service service = Service::kDynamoDb;
  /// Region and access key id of the signature's credential scope, as the request states them; the signature need not
  /// have been verified.
  std::string_view region = {};
  std::string_view access_key_id = {};
  /// x-amzn-RequestId of the reply; identifies the request in the log.
  std::string_view request_id = {};
  /// X-Amzn-Trace-Id as the caller sent it; connects this call with others made for the same purpose
  /// (https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html). An endpoint that calls others passes it on.
  std::string_view trace = {};

  using Time = std::chrono::steady_clock::time_point;
  /// When the caller stops waiting for the reply. Work that has not begun by then is not begun, and waits (for another
  /// machine, before another attempt) end, both with ServiceUnavailable.
  Time deadline = Time::max();

  /// Filled in if not null.
  ReplyNotes* notes = nullptr;
};

/// How long an operation may occupy the calling thread, and how large its reply may be.
enum class Effort : std::uint8_t {
  kItem,     // an item or a description: usually microseconds, a reply of at most some hundred kilobytes
  kPage,     // a page or a batch: milliseconds, a reply of megabytes
  kWaits,    // waits: for the disk, for another machine, for other work to finish
  kMayWait,  // may wait: `try_call` tells
};

/// Calls made by one thread whose writes reach the disk together (Endpoint::can_join_write_group). During its lifetime
/// `try_call` on this thread returns the replies that such calls will have once `commit` has returned. No other
/// calls may be made meanwhile, and none of the replies may be sent before.
class WriteGroup {
 public:
  WriteGroup() = default;
  virtual ~WriteGroup() = default;
  WriteGroup(const WriteGroup&) = delete;
  WriteGroup& operator=(const WriteGroup&) = delete;
  /// How many calls so far depend on `commit`.
  [[nodiscard]] virtual std::size_t count() const = 0;
  /// True if no more calls should be added, because their writes are already large.
  [[nodiscard]] virtual bool is_full() const = 0;
  /// Stores the writes. Throws what `Endpoint::call` would have thrown for each of these calls. Ends the group in any
  /// case.
  virtual void commit() = 0;
};

/// Anything that answers DynamoDB operations: the engine in this process, a service over HTTP, or a wrapper around one
/// of these. Safe to call from several threads at once.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  /// Appends the reply body (JSON) to `reply`. Throws core::ApiError and leaves `reply` unchanged.
  virtual void call(const Request& request, std::string& reply) = 0;
  /// The same for a thread that must not wait: does nothing and returns false if the answer requires waiting. Called
  /// for operations whose effort is kMayWait and, during the lifetime of a WriteGroup, for operations that can be
  /// combined.
  virtual bool try_call(const Request& request, std::string& reply);
  /// Whether calls of the operation can wait for the disk together with others.
  [[nodiscard]] virtual bool can_join_write_group(std::string_view operation) const;
  /// Not null if there are such operations.
  [[nodiscard]] virtual std::unique_ptr<WriteGroup> begin_write_group();
  /// The same as `call` above, but returns a string, for callers off the hot path.
  std::string call(std::string_view operation, std::string_view body);
  /// The effort of `operation`, so that a server does not make other requests wait for it. Unknown operations: kItem.
  [[nodiscard]] virtual Effort effort(std::string_view operation) const;
  /// Its location in a few words, for messages: "memory", "./.stator", "http://localhost:8000", "AWS us-east-1".
  [[nodiscard]] virtual std::string describe() const = 0;
};

}  // namespace stator::endpoint
