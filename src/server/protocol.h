#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/api_error.h"
#include "endpoint/endpoint.h"
#include "server/authentication.h"
#include "server/content_coding.h"
#include "server/memory_budget.h"
#include "server/reply_buffer.h"
#include "server/request_counts.h"
#include "server/request_head.h"
#include "server/request_id.h"
#include "server/server.h"
#include "server/web_rules.h"

namespace spdlog {
class logger;
}

namespace stator::server {

/// DynamoDB's AWS JSON 1.0 protocol: turns a whole HTTP request into a whole HTTP reply, without I/O. One object per
/// thread, since it has buffers; an answer is begun and ended on one thread. Answers, and the order in which faults are
/// found, are the service's; docs/server.md has the rules.
class Protocol {
 public:
  Protocol(endpoint::Endpoint& endpoint, const Authenticator& authenticator, const WebRules& web_rules,
           const Options& options, RequestCounts& counts, const std::atomic<bool>& draining);

  /// When a request was complete, and how long its caller waits (endpoint::Request).
  struct Times {
    endpoint::Request::Time arrived;
    endpoint::Request::Time deadline;
  };

  struct Body {
    std::string_view text;
    std::size_t padding_bytes = 0;  // readable bytes after the text
  };
  /// A complete request.
  struct Received {
    RequestHead head;
    Body body;
    Times times;
  };

  /// The effort of the request for the endpoint; nullopt if the request does not reach the endpoint.
  [[nodiscard]] std::optional<endpoint::Effort> effort(const RequestHead& head) const;

  /// What is counted of an answer.
  struct Counted {
    RequestCounts::OperationNumber operation = RequestCounts::kOther;
    unsigned status = 200;
    std::size_t bytes = 0;
    endpoint::Request::Time arrived;
    std::chrono::milliseconds hold{0};  // delay before it is sent
  };
  /// Also what the request log needs; filled only if requests are logged.
  struct Answered : Counted {
    std::string name;
    std::string request_id;
  };

  /// Whether such calls can wait for the disk together.
  [[nodiscard]] bool can_join_write_group(const RequestHead& head) const;

  /// How the connection continues after an answer.
  enum class Outcome : std::uint8_t {
    kKeepsOpen,
    kCloses,     // as the reply announces; because of `close`, or because the server is stopping
    kWouldWait,  // nothing was done, and there is no reply
  };

  /// Appends the reply. `memory` is charged for reading a large body, until this returns; if the budget does not allow
  /// it, the reply is an error. Never throws because of the request's content; on std::bad_alloc `replies` is
  /// unchanged.
  [[nodiscard]] Outcome answer(const Received& request, bool close, MemoryCharge& memory, ReplyBuffer& replies);

  /// The same on a thread that must not wait: the loop's thread, for a request whose effort is kMayWait, or a thread
  /// that runs a group of writes. If the answer would have to wait, returns kWouldWait and leaves `replies` unchanged.
  /// With `answered`, the answer is returned there and not yet passed to `note`.
  [[nodiscard]] Outcome try_answer(const Received& request, bool close, MemoryCharge& memory, ReplyBuffer& replies,
                                   std::optional<Answered>* answered = nullptr);
  /// Counts an answer returned in `answered`, and logs it if requests are logged.
  void note(const RequestHead& head, const Answered& answered);

  /// The endpoint's notes on the last reply.
  [[nodiscard]] const endpoint::ReplyNotes& notes() const { return notes_; }

  /// endpoint::Endpoint::begin_write_group.
  [[nodiscard]] std::unique_ptr<endpoint::WriteGroup> begin_write_group() { return endpoint_.begin_write_group(); }
  /// Replaces the answer to a request that failed after it was answered: appends the reply for that failure.
  void answer_failed(const RequestHead& head, const std::exception_ptr& failure, bool close, ReplyBuffer& replies,
                     std::optional<Answered>& answered);

  /// Why a complete request is refused without being read.
  enum class Shortage : std::uint8_t { kMemory, kTime };
  /// Appends the reply to a request for which there is no memory, or whose deadline has passed (503; the connection
  /// stays open, and SDKs retry).
  void refuse_call(const Received& request, Shortage shortage, bool close, ReplyBuffer& replies);

  /// Appends the reply to a request that could not be read (400, 408, 413, 417, 501, 503, 505); the connection closes
  /// after it.
  void refuse(unsigned status, bool http_1_0, ReplyBuffer& replies);

 private:
  struct ReplySummary {
    unsigned status;
    std::size_t bytes;
  };
  ReplySummary answer_with_failure(const RequestHead& head, const std::exception_ptr& failure, bool close,
                                   bool allow_page, ReplyBuffer& replies);
  /// The variable parts of a reply's head.
  struct ReplyHead {
    unsigned status = 200;
    std::string_view content_type;
    Coding coding = Coding::kNone;
    bool head_only = false;   // answers HEAD
    bool allow_page = false;  // allow the calling web page to read the reply
  };

  /// The content of X-Amz-Target; `operation` is empty if it names none.
  struct Target {
    endpoint::Service service = endpoint::Service::kDynamoDb;
    std::string_view operation;
  };
  static Target target_of(const RequestHead& head);

  /// Counts an answer and returns how long it took.
  std::chrono::nanoseconds count(const Counted& counted) noexcept;

  /// The error for a request that a web page may not make; nullopt for other requests.
  std::optional<core::ApiError> refused_by_web_rules(const RequestHead& head);
  void append_cors(const RequestHead& head);
  /// Returns null if the request is not for one of the routes.
  [[nodiscard]] const Route* route_of(const RequestHead& head) const;
  ReplyHead answer_body(const RequestHead& head, Body body, MemoryCharge& memory, ReplyBuffer& replies);
  /// Decompresses the body. Returns false if that failed; `replies` then has the error body.
  bool decode_body(const RequestHead& head, Body& body, MemoryCharge& memory, ReplyHead& reply, ReplyBuffer& replies);
  /// Charges the memory for reading the body. Throws ApiError if there is no room for it.
  void reserve_reading(std::string_view body, MemoryCharge& memory);
  /// Frees the buffers that the current request made large.
  void free_large_buffers() noexcept;
  /// `caller`: see Authenticator::check.
  void call(const RequestHead& head, const AccessKey* caller, const Target& target, const Body& body,
            ReplyBuffer& replies);
  void answer_route(const RequestHead& head, const Route& route, std::string_view body, ReplyBuffer& replies);
  /// Runs `answer`; an exception becomes the reply. `what` names the request in the log.
  template <typename Answer>
  void answer_safely(std::string_view what, ReplyHead& reply, ReplyBuffer& replies, const Answer& answer);
  void answer_with(const core::ApiError& error, ReplyHead& reply, ReplyBuffer& replies);
  void answer_preflight(const RequestHead& head, bool close, ReplyBuffer& replies);
  void compress_body(const RequestHead& head, ReplyHead& reply, ReplyBuffer& replies);
  /// Writes the head into `head_` and completes the reply with it.
  void seal(const RequestHead& head, const ReplyHead& reply, bool close, ReplyBuffer& replies);
  void append_common(std::string& out);
  std::string_view date();

  endpoint::Endpoint& endpoint_;
  const Authenticator& authenticator_;
  const WebRules& web_rules_;
  const Options& options_;
  const std::atomic<bool>& draining_;
  RequestCounts::ThreadCounters counts_;
  std::shared_ptr<spdlog::logger> log_;
  RequestIds ids_;
  std::string_view request_id_;
  endpoint::Request::Time deadline_;
  bool must_not_wait_ = false;
  bool parser_is_large_ = false;                                      // made large by the current request
  std::optional<Answered>* answered_ = nullptr;                       // for the current request
  endpoint::ReplyNotes notes_;                                        // of the current request
  RequestCounts::OperationNumber operation_ = RequestCounts::kOther;  // of the current request
  std::string operation_name_;                                        // of the current request, for the log
  std::string known_host_;                                            // the last host that was allowed
  std::string head_;
  std::string decoded_;
  std::string compressed_;
  std::time_t date_second_ = -1;
  std::array<char, 32> date_text_{};
  std::size_t date_size_ = 0;
};

}  // namespace stator::server
