#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace stator::endpoint {

/// The two APIs that an endpoint answers; X-Amz-Target names one.
enum class Service : std::uint8_t {
  kDynamoDb,         // DynamoDB_20120810
  kDynamoDbStreams,  // DynamoDBStreams_20120810
};

/// What an endpoint reports about its reply, in addition to the body.
struct ReplyNotes {
  /// How a cache answered: "hit", "miss", "stale" or "pass"; empty without a cache.
  std::string_view cache = {};
  /// An attempt ended without an answer, or with an error of the service's own: whatever the last answer is, a write
  /// may have happened.
  bool uncertain = false;

  /// Set by a caller that acts on `hold` and `cut`. For others the endpoint waits itself, and a cut connection is
  /// ServiceUnavailable.
  bool obeyed = false;
  /// How long to delay the reply, or the error.
  std::chrono::milliseconds hold{0};
  /// The connection is to be closed instead of answering.
  bool cut = false;
  /// The call was not made, and can never be made together with others.
  bool alone = false;
};

/// One request for a DynamoDB operation.
struct Request {
  /// "GetItem"; without the target's version prefix.
  std::string_view operation;
  /// The request body, JSON.
  std::string_view body;
  /// Readable bytes after `body` (simdjson needs some, and copies the text where there are too few).
  std::size_t padding_bytes = 0;

  // About the caller; empty where the request did not come through a server.
  Service service = Service::kDynamoDb;
  /// Region and access key id of the signature's credential scope, as the request has them: they do not mean that the
  /// signature was verified.
  std::string_view region = {};
  std::string_view access_key_id = {};
  /// x-amzn-RequestId of the reply; names the request in the log.
  std::string_view request_id = {};
  /// X-Amzn-Trace-Id as the caller sent it: ties this call to others made for the same purpose
  /// (https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html). An endpoint that calls others passes it on.
  std::string_view trace = {};

  using Time = std::chrono::steady_clock::time_point;
  /// When the caller no longer waits for the reply. Work that has not begun by then is not begun, and waits (for
  /// another machine, before another attempt) end: ServiceUnavailable.
  Time deadline = Time::max();

  /// Filled in where not null.
  ReplyNotes* notes = nullptr;
};

/// How long an operation may occupy the calling thread, and how large its reply may be.
enum class Effort : std::uint8_t {
  kItem,     // an item or a description: usually microseconds, a reply of at most some hundred kilobytes
  kPage,     // a page or a batch: milliseconds, a reply of megabytes
  kWaits,    // waits: for the disk, for another machine, for other work to finish
  kMayWait,  // may wait: `answer_at_once` finds out
};

/// Calls that one thread makes and whose writes reach the disk together (Endpoint::can_be_together). From its
/// construction on `answer_at_once` on this thread answers such calls as they will be answered once `commit` has
/// returned. No other calls may be made meanwhile, and none of the replies be sent.
class Together {
 public:
  Together() = default;
  virtual ~Together() = default;
  Together(const Together&) = delete;
  Together& operator=(const Together&) = delete;
  /// How many of the calls so far depend on `commit`.
  [[nodiscard]] virtual std::size_t count() const = 0;
  /// No more calls should be added: what they write is so large.
  [[nodiscard]] virtual bool is_full() const = 0;
  /// Throws what `Endpoint::call` would have thrown for each of these calls. Ends it in any case.
  virtual void commit() = 0;
};

/// Anything that answers DynamoDB operations: the engine in this process, a service over HTTP, or a wrapper of one.
/// Safe to call from several threads at once.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  /// Appends the reply body (JSON) to `reply`. Throws core::ApiError, with `reply` unchanged.
  virtual void call(const Request& request, std::string& reply) = 0;
  /// The same for a thread that must not wait: does nothing and returns false where the answer needs waiting. Called
  /// for operations whose effort is kMayWait, and between `together` and its end for those that can be together.
  virtual bool answer_at_once(const Request& request, std::string& reply);
  /// Whether calls of the operation can wait for the disk together with others.
  [[nodiscard]] virtual bool can_be_together(std::string_view operation) const;
  /// Not null where there are such operations.
  [[nodiscard]] virtual std::unique_ptr<Together> together();
  /// The same, returning a string, for callers off the hot path.
  std::string call(std::string_view operation, std::string_view body);
  /// The effort of `operation`, so that a server does not let other requests wait for it. Unknown operations: kItem.
  [[nodiscard]] virtual Effort effort(std::string_view operation) const;
  /// Where it is, in a few words for messages: "memory", "./.stator", "http://localhost:8000", "AWS us-east-1".
  [[nodiscard]] virtual std::string describe() const = 0;
};

}  // namespace stator::endpoint
