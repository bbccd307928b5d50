#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stator::endpoint {

/// The two APIs that an endpoint answers; X-Amz-Target names one.
enum class Service : std::uint8_t {
  kDynamoDb,         // DynamoDB_20120810
  kDynamoDbStreams,  // DynamoDBStreams_20120810
};

/// What an endpoint tells of its reply beside the body.
struct ReplyNotes {
  /// How a cache answered: "hit", "miss", "stale" or "pass"; empty where none was asked.
  std::string_view cache = {};
  /// An attempt ended without an answer, or with a fault of the service's: whatever the last answer says, a write may
  /// have happened.
  bool uncertain = false;

  /// Whoever calls sees to `hold` and `cut`. Where it does not, the endpoint waits itself, and a cut connection is
  /// ServiceUnavailable.
  bool obeyed = false;
  /// How long the reply, or the error, is to be held back.
  std::chrono::milliseconds hold{0};
  /// The connection is to be closed instead of answering.
  bool cut = false;
};

/// One DynamoDB operation as it came in.
struct Request {
  /// "GetItem"; without the target's version prefix.
  std::string_view operation;
  /// The request body, JSON.
  std::string_view body;
  /// Readable bytes after `body` (simdjson wants some, and copies the text where there are too few).
  std::size_t padding_bytes = 0;

  // Who asks, and how; empty where the request does not come from outside.
  Service service = Service::kDynamoDb;
  /// Region and access key id of the signature's credential scope, as they stand there: nothing here says that the
  /// signature was verified.
  std::string_view region = {};
  std::string_view access_key_id = {};
  /// x-amzn-RequestId of the reply; names the request in the log.
  std::string_view request_id = {};
  /// X-Amzn-Trace-Id as the caller sent it: ties this call to others made for the same purpose
  /// (https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html). An endpoint that calls others passes it on.
  std::string_view trace = {};

  using Time = std::chrono::steady_clock::time_point;
  /// When nobody waits for the reply any more. What has not begun by then is not begun, and whoever waits (for another
  /// machine, for the time to try again) waits no longer: ServiceUnavailable.
  Time deadline = Time::max();

  /// Filled in where it is there.
  ReplyNotes* notes = nullptr;
};

/// How long an operation may keep the thread that calls it, and how much it may answer.
enum class Effort : std::uint8_t {
  kItem,     // an item or a description: microseconds as a rule, a reply of at most some hundred kilobytes
  kPage,     // a page or a batch: milliseconds, a reply of megabytes
  kWaits,    // for the disk, for another machine, for what must be finished first
  kMayWait,  // `answer_at_once` tells
};

/// Whatever answers DynamoDB operations: the engine in this process, a service over HTTP, or a wrapper round one.
/// Safe to call from several threads at once.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  /// Appends the reply body (JSON) to `reply`. Throws core::ApiError; `reply` is then as it was before.
  virtual void call(const Request& request, std::string& reply) = 0;
  /// The same for a thread that must not wait: false where the answer cannot be had without waiting, and nothing was
  /// done. Asked of operations whose effort is kMayWait.
  virtual bool answer_at_once(const Request& request, std::string& reply);
  /// The same with a string out, for callers off the hot path.
  std::string call(std::string_view operation, std::string_view body);
  /// What to expect of `operation`, so that a server does not let others wait for it. A name it does not know is kItem.
  [[nodiscard]] virtual Effort effort(std::string_view operation) const;
  /// Where it is, in a few words for people: "memory", "./.stator", "http://localhost:8000", "AWS us-east-1".
  [[nodiscard]] virtual std::string describe() const = 0;
};

}  // namespace stator::endpoint
