#include "server/protocol.h"

#include <fmt/format.h>
#include <libdeflate.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "api/operations.h"
#include "core/api_error.h"
#include "core/ascii.h"
#include "endpoint/target.h"
#include "json/parsing_memory.h"
#include "json/reader.h"
#include "server/authorization.h"
#include "server/buffer.h"
#include "server/route.h"

namespace stator::server {
namespace {

constexpr std::string_view kAmzJson = "application/x-amz-json-1.0";
constexpr std::string_view kNotFoundBody = "<UnknownOperationException/>\n";
// Reply headers that a page's script may read, as the service allows.
constexpr std::string_view kExposedHeaders = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date";
constexpr std::size_t kKeptBufferBytes = 256 * 1024;
constexpr std::size_t kMostExpansion = 1032;  // the most that deflate expands

/// Thrown to leave `answer` when the endpoint would have to wait but must not.
struct WouldWait {};

std::string_view reason_of(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 417:
      return "Expectation Failed";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return status < 500 ? "Error" : "Server Error";
  }
}

void append_number(std::uint64_t number, std::string& out) {
  const fmt::format_int text(number);
  out.append(text.data(), text.size());
}

/// The request's media type if the service accepts it, else nullopt.
std::optional<std::string_view> accepted_content_type(std::string_view header) {
  const std::string_view type = trimmed(header.substr(0, header.find(';')));
  if (type == kAmzJson) return kAmzJson;
  if (type == kJsonType) return kJsonType;
  return std::nullopt;
}

[[noreturn]] void throw_unknown_operation() { throw core::ApiError(core::ErrorCode::kUnknownOperation, ""); }

/// Throws the errors that the service checks first: of the body, then of the target. Called only if the request fails
/// anyway, so that valid ones are parsed once.
void check_body_and_operation(std::string_view operation, const Protocol::Body& body) {
  if (!body.text.empty()) json::Parser::of_this_thread().parse(body.text, body.padding_bytes);
  if (api::find_operation(operation) == nullptr) throw_unknown_operation();
}

core::ApiError internal_error() { return {core::ErrorCode::kInternalServerError, "Internal server error"}; }

core::ApiError out_of_memory() {
  return {core::ErrorCode::kServiceUnavailable, "The server has no memory left for this request; try again later"};
}

core::ApiError out_of_time() {
  return {core::ErrorCode::kServiceUnavailable,
          "The server is too busy: the request waited too long for its turn; try again later"};
}

core::ApiError forbidden(std::string why) {
  core::ApiError error(core::ErrorCode::kAccessDenied, std::move(why));
  error.status = 403;
  return error;
}

/// Whether the header is present, even if empty: browsers send it with every request that a page's script makes.
bool has_origin(const RequestHead& head) { return head.origin.data() != nullptr; }

/// A header's value for a message: shortened, and ASCII only.
std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 200;
  std::string out(text.substr(0, kLongest));
  for (char& c : out) {
    if (c < ' ' || c > '~') c = '?';
  }
  return out;
}

bool is_plain_host(std::string_view host) {
  if (host.empty() || host.size() > 255) return false;
  for (const char c : host) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
                       c == '-' || c == ':' || c == '[' || c == ']' || c == '_';
    if (!plain) return false;
  }
  return true;
}

}  // namespace

Protocol::Protocol(endpoint::Endpoint& endpoint, const Authenticator& authenticator, const WebRules& web_rules,
                   const Options& options, RequestCounts& counts, const std::atomic<bool>& draining)
    : endpoint_(endpoint),
      authenticator_(authenticator),
      web_rules_(web_rules),
      options_(options),
      draining_(draining),
      counts_(counts),
      log_(spdlog::default_logger()) {
  head_.reserve(ReplyBuffer::kHeadRoom);
}

std::optional<core::ApiError> Protocol::refused_by_web_rules(const RequestHead& head) {
  if (has_origin(head) && !web_rules_.allows_origin(head.origin)) {
    const std::string origin = printable(head.origin);
    return forbidden("Requests of web pages from " + origin +
                     " are refused; the server's option --allow-origin allows an origin");
  }
  for (const std::string_view host : {head.host, head.authority}) {
    if (host.empty() || host == known_host_) continue;
    if (!web_rules_.allows_host(host)) {
      return forbidden(
          "A server on a loopback address answers to its address, to localhost and to names without a "
          "dot, not to " +
          printable(host));
    }
    known_host_ = host;
  }
  return std::nullopt;
}

Protocol::Target Protocol::target_of(const RequestHead& head) {
  for (const auto& [prefix, service] : endpoint::kTargetPrefixes) {
    if (!head.amz_target.starts_with(prefix)) continue;
    const std::string_view name = head.amz_target.substr(prefix.size());
    if (name.find('.') == std::string_view::npos) return {service, name};
  }
  return {};
}

std::optional<endpoint::Effort> Protocol::effort(const RequestHead& head) const {
  if (head.method != "POST" || head.path() != "/") {
    const Route* const route = route_of(head);
    return route == nullptr ? std::nullopt : std::optional(route->effort);
  }
  const std::string_view operation = target_of(head).operation;
  if (operation.empty()) return std::nullopt;
  return endpoint_.effort(operation);
}

bool Protocol::can_join_write_group(const RequestHead& head) const {
  return head.method == "POST" && head.path() == "/" && endpoint_.can_join_write_group(target_of(head).operation);
}

Protocol::Outcome Protocol::try_answer(const Received& request, bool close, MemoryCharge& memory, ReplyBuffer& replies,
                                       std::optional<Answered>* answered) {
  struct Reset {
    Protocol& protocol;
    ~Reset() {
      protocol.must_not_wait_ = false;
      protocol.answered_ = nullptr;
    }
  } const at_end{*this};
  must_not_wait_ = true;
  answered_ = answered;
  try {
    return answer(request, close, memory, replies);
  } catch (const WouldWait&) {
    return Outcome::kWouldWait;
  }
}

Protocol::Outcome Protocol::answer(const Received& request, bool close, MemoryCharge& memory, ReplyBuffer& replies) {
  const RequestHead& head = request.head;
  request_id_ = ids_.next();
  deadline_ = request.times.deadline;
  operation_ = RequestCounts::kOther;
  operation_name_.clear();
  notes_ = {.obeyed = true};
  unsigned status = 200;
  std::size_t sent_bytes = 0;
  const std::optional<core::ApiError> refusal = refused_by_web_rules(head);
  const auto closes = [&] { return close || draining_.load(std::memory_order_relaxed); };
  bool closing = false;
  if (!refusal && head.method == "OPTIONS" && has_origin(head)) {
    closing = closes();
    answer_preflight(head, closing, replies);
  } else {
    replies.open();
    try {
      ReplyHead reply;
      if (refusal) {
        reply.content_type = kJsonType;
        answer_with(*refusal, reply, replies);
      } else {
        reply = answer_body(head, request.body, memory, replies);
        reply.allow_page = has_origin(head);
      }
      reply.head_only = head.method == "HEAD";
      compress_body(head, reply, replies);
      sent_bytes = replies.body().size();
      status = reply.status;
      closing = closes();
      seal(head, reply, closing, replies);
    } catch (...) {
      // The caller also returns the memory charge in this case.
      free_large_buffers();
      replies.abandon();
      throw;
    }
  }
  free_large_buffers();
  const Outcome outcome = closing ? Outcome::kCloses : Outcome::kKeepsOpen;
  const Counted counted{operation_, status, sent_bytes, request.times.arrived, notes_.hold};
  if (answered_ == nullptr && !options_.log_requests) {
    count(counted);
    return outcome;
  }
  Answered answered{counted, {}, {}};
  if (options_.log_requests) {
    answered.name = operation_name_;
    answered.request_id = request_id_;
  }
  if (answered_ != nullptr) {
    *answered_ = std::move(answered);
  } else {
    note(head, answered);
  }
  return outcome;
}

void Protocol::free_large_buffers() noexcept {
  if (decoded_.capacity() > kKeptBufferBytes) std::string().swap(decoded_);
  if (std::exchange(parser_is_large_, false)) json::Parser::of_this_thread() = json::Parser();
  if (compressed_.capacity() > kKeptBufferBytes) std::string().swap(compressed_);
}

std::chrono::nanoseconds Protocol::count(const Counted& counted) noexcept {
  const std::chrono::nanoseconds taken = std::chrono::steady_clock::now() - counted.arrived + counted.hold;
  counts_.count(counted.operation, counted.status, taken, counted.bytes);
  return taken;
}

void Protocol::note(const RequestHead& head, const Answered& answered) {
  const std::chrono::nanoseconds taken = count(answered);
  if (!options_.log_requests) return;
  log_request(*log_, options_.log_format,
              {.method = head.method,
               .operation = answered.name,
               .status = answered.status,
               .bytes = answered.bytes,
               .micros = std::chrono::duration_cast<std::chrono::microseconds>(taken).count(),
               .request_id = answered.request_id,
               .trace = printable(head.trace)});
}

Protocol::ReplyHead Protocol::answer_body(const RequestHead& head, Body body, MemoryCharge& memory,
                                          ReplyBuffer& replies) {
  ReplyHead reply;
  const bool at_root = head.path() == "/";
  // Health checks of containers often ask with HEAD (wget --spider).
  const bool gets = head.method == "GET" || head.method == "HEAD";
  if (gets && (at_root || head.path() == "/health")) {
    // The service's answer ends in a space too.
    replies.bytes() += "healthy: dynamodb." + options_.region + ".amazonaws.com ";
    return reply;
  }
  if (const Route* const route = route_of(head)) {
    reply.content_type = kJsonType;
    answer_safely(route->path, reply, replies, [&] {
      reserve_reading(body.text, memory);
      answer_route(head, *route, body.text, replies);
      reply.content_type = route->content_type;
    });
    return reply;
  }
  const auto content_type = accepted_content_type(head.content_type);
  if (head.method != "POST" || !at_root || (!body.text.empty() && !content_type)) {
    reply.status = 404;
    replies.bytes() += kNotFoundBody;
    return reply;
  }
  reply.content_type = content_type.value_or(kJsonType);
  answer_safely(head.amz_target, reply, replies, [&] {
    const std::string_view received = body.text;
    if (!decode_body(head, body, memory, reply, replies)) return;
    reserve_reading(body.text, memory);
    const Target target = target_of(head);
    operation_ = counts_.number_of(target.operation);
    if (options_.log_requests) operation_name_ = target.operation;
    if (target.operation.empty()) {
      check_body_and_operation(target.operation, body);
      throw_unknown_operation();
    }
    std::shared_ptr<const AccessKey> caller;
    try {
      caller = authenticator_.check(head, received);
    } catch (const core::ApiError&) {
      check_body_and_operation(target.operation, body);
      throw;
    }
    call(head, caller.get(), target, body, replies);
  });
  return reply;
}

const Route* Protocol::route_of(const RequestHead& head) const {
  if (!head.target.starts_with("/_stator/") && !head.target.starts_with(kMetricsPath)) return nullptr;
  const std::string_view method = head.method == "HEAD" ? "GET" : head.method;
  const auto found = std::ranges::find_if(
      options_.routes, [&](const Route& route) { return route.method == method && route.path == head.path(); });
  return found == options_.routes.end() ? nullptr : &*found;
}

void Protocol::answer_route(const RequestHead& head, const Route& route, std::string_view body, ReplyBuffer& replies) {
  if (options_.log_requests) operation_name_ = route.path;
  // Without keys callers cannot be told apart, and a browser or curl signs nothing.
  if (options_.credentials && !route.is_public)
    authorize(*authenticator_.check(head, body), route, options_.account_id);
  route.answer(body, replies.bytes());
}

template <typename Answer>
void Protocol::answer_safely(std::string_view what, ReplyHead& reply, ReplyBuffer& replies, const Answer& answer) {
  try {
    answer();
  } catch (const core::ApiError& error) {
    answer_with(error, reply, replies);
  } catch (const WouldWait&) {
    throw;
  } catch (const std::bad_alloc&) {
    log_->error("{} failed: memory ran out (request {})", what, request_id_);
    answer_with(out_of_memory(), reply, replies);
  } catch (const std::exception& error) {
    // The details only go to the log: the reply must not tell a stranger about paths and addresses.
    log_->error("{} failed: {} (request {})", what, error.what(), request_id_);
    answer_with(internal_error(), reply, replies);
  } catch (...) {
    log_->error("{} failed with something that is not an exception (request {})", what, request_id_);
    answer_with(internal_error(), reply, replies);
  }
}

void Protocol::answer_with(const core::ApiError& error, ReplyHead& reply, ReplyBuffer& replies) {
  counts_.count_error(error.type.code());
  replies.drop_body();
  reply.status = static_cast<unsigned>(core::http_status(error));
  replies.bytes() += core::render_error(error);
}

bool Protocol::decode_body(const RequestHead& head, Body& body, MemoryCharge& memory, ReplyHead& reply,
                           ReplyBuffer& replies) {
  const std::string_view name = trimmed(head.content_encoding);
  if (name.empty() || core::equals_ignoring_case(name, "identity")) return true;
  Coding coding = Coding::kNone;
  for (const Coding known : {Coding::kGzip, Coding::kDeflate}) {
    if (core::equals_ignoring_case(name, coding_name(known))) coding = known;
  }
  decoded_.clear();
  const std::size_t before = memory.bytes();
  const std::size_t longest = std::min(options_.max_body_bytes, body.text.size() * kMostExpansion);
  if (longest > kSmallRequestBytes && !memory.grow_to(before + longest, BudgetPart::kShared)) throw out_of_memory();
  const DecompressStatus status = coding == Coding::kNone
                                      ? DecompressStatus::kMalformed
                                      : decompress(coding, body.text, options_.max_body_bytes, decoded_);
  if (status == DecompressStatus::kOk) {
    const std::size_t size = decoded_.size();
    memory.set(before + (size > kSmallRequestBytes ? size : 0));
    decoded_.append(Buffer::kPaddingBytes, ' ');
    body = {std::string_view(decoded_).substr(0, size), Buffer::kPaddingBytes};
    return true;
  }
  // The service too answers 500 to a body that it cannot decompress.
  answer_with(
      status == DecompressStatus::kTooLarge
          ? core::ApiError(core::ErrorCode::kRequestEntityTooLarge, "The decompressed request body is too large")
          : core::ApiError(core::ErrorCode::kInternalServerError, "The request body could not be decompressed"),
      reply, replies);
  return false;
}

void Protocol::reserve_reading(std::string_view body, MemoryCharge& memory) {
  if (body.size() <= kSmallRequestBytes) return;
  const std::size_t needed = body.size() + json::parsing_bytes(body);
  if (!memory.grow_to(memory.bytes() + needed, BudgetPart::kShared)) throw out_of_memory();
  parser_is_large_ = needed > json::kKeptParsingBytes;
}

void Protocol::call(const RequestHead& head, const AccessKey* caller, const Target& target, const Body& body,
                    ReplyBuffer& replies) {
  const CredentialScope scope = credential_scope(head);
  if (caller != nullptr && caller->rules.limited()) {
    authorize(*caller, target.operation, json::Parser::of_this_thread().parse(body.text, body.padding_bytes),
              scope.region, options_.account_id);
  }
  if (target.operation == "DescribeEndpoints" && is_plain_host(head.host)) {
    // Answers with the address that the caller used, which the endpoint cannot know.
    if (json::Parser::of_this_thread().parse(body.text, body.padding_bytes).is_object()) {
      replies.bytes() += R"({"Endpoints":[{"Address":")";
      replies.bytes() += head.host;
      replies.bytes() += R"(","CachePeriodInMinutes":1440}]})";
      return;
    }
  }
  const endpoint::Request request{.operation = target.operation,
                                  .body = body.text,
                                  .padding_bytes = body.padding_bytes,
                                  .service = target.service,
                                  .region = scope.region,
                                  .access_key_id = scope.access_key_id,
                                  .request_id = request_id_,
                                  .trace = head.trace,
                                  .deadline = deadline_,
                                  .notes = &notes_};
  if (!must_not_wait_) return endpoint_.call(request, replies.bytes());
  if (!endpoint_.try_call(request, replies.bytes())) throw WouldWait();
}

void Protocol::compress_body(const RequestHead& head, ReplyHead& reply, ReplyBuffer& replies) {
  if (head.accept_encoding.empty() || replies.body().size() < kCompressionThresholdBytes) return;
  reply.coding = choose_coding(head.accept_encoding);
  if (reply.coding == Coding::kNone) return;
  compressed_.clear();
  compress(reply.coding, replies.body(), compressed_);
  replies.drop_body();
  replies.bytes() += compressed_;
}

void Protocol::seal(const RequestHead& head, const ReplyHead& reply, bool close, ReplyBuffer& replies) {
  const std::string_view body = replies.body();
  head_.clear();
  if (reply.status == 200) {
    head_ += "HTTP/1.1 200 OK\r\n";
  } else {
    head_ += "HTTP/1.1 ";
    append_number(reply.status, head_);
    head_ += ' ';
    head_ += reason_of(reply.status);
    head_ += "\r\n";
  }
  append_common(head_);
  head_ += "\r\nx-amz-crc32: ";
  append_number(libdeflate_crc32(0, body.data(), body.size()), head_);
  if (!reply.content_type.empty()) {
    head_ += "\r\nContent-Type: ";
    head_ += reply.content_type;
  }
  if (!notes_.cache.empty()) {
    head_ += "\r\nX-Stator-Cache: ";
    head_ += notes_.cache;
  }
  if (reply.coding != Coding::kNone) {
    head_ += "\r\nContent-Encoding: ";
    head_ += coding_name(reply.coding);
  }
  if (reply.allow_page) {
    append_cors(head);
  } else if (has_origin(head)) {
    head_ += "\r\nVary: Origin";
  }
  if (close) {
    head_ += "\r\nConnection: close";
  } else if (head.http_1_0) {
    head_ += "\r\nConnection: keep-alive";
  }
  head_ += "\r\nContent-Length: ";
  append_number(body.size(), head_);
  head_ += "\r\n\r\n";
  if (reply.head_only) replies.drop_body();
  replies.seal(head_);
}

void Protocol::append_cors(const RequestHead& head) {
  head_ += "\r\nAccess-Control-Allow-Origin: ";
  head_ += head.origin;
  head_ += "\r\nVary: Origin\r\nAccess-Control-Expose-Headers: ";
  head_ += kExposedHeaders;
}

void Protocol::answer_preflight(const RequestHead& head, bool close, ReplyBuffer& replies) {
  head_ = "HTTP/1.1 200 OK\r\n";
  append_common(head_);
  append_cors(head);
  if (!head.access_control_request_headers.empty()) {
    head_ += "\r\nAccess-Control-Allow-Headers: ";
    head_ += head.access_control_request_headers;
  }
  if (!head.access_control_request_method.empty()) {
    head_ += "\r\nAccess-Control-Allow-Methods: ";
    head_ += head.access_control_request_method;
  }
  head_ += "\r\nAccess-Control-Max-Age: 172800\r\nContent-Length: 0";
  if (close) head_ += "\r\nConnection: close";
  head_ += "\r\n\r\n";
  replies.append(head_);
}

void Protocol::refuse_call(const Received& request, Shortage shortage, bool close, ReplyBuffer& replies) {
  const RequestHead& head = request.head;
  const core::ApiError error = shortage == Shortage::kMemory ? out_of_memory() : out_of_time();
  request_id_ = ids_.next();
  const ReplySummary summary = answer_with_failure(head, std::make_exception_ptr(error), close, false, replies);
  const std::string_view operation = target_of(head).operation;
  Answered answered{{counts_.number_of(operation), summary.status, summary.bytes, request.times.arrived}, {}, {}};
  if (options_.log_requests) {
    answered.name = operation;
    answered.request_id = request_id_;
  }
  note(head, answered);
}

void Protocol::answer_failed(const RequestHead& head, const std::exception_ptr& failure, bool close,
                             ReplyBuffer& replies, std::optional<Answered>& answered) {
  request_id_ = answered && !answered->request_id.empty() ? std::string_view(answered->request_id) : ids_.next();
  // The page's origin was checked when the request was first answered.
  const ReplySummary summary = answer_with_failure(head, failure, close, has_origin(head), replies);
  if (!answered) return;
  answered->status = summary.status;
  answered->bytes = summary.bytes;
}

Protocol::ReplySummary Protocol::answer_with_failure(const RequestHead& head, const std::exception_ptr& failure,
                                                     bool close, bool allow_page, ReplyBuffer& replies) {
  notes_ = {};
  ReplyHead reply;
  reply.allow_page = allow_page;
  reply.content_type = accepted_content_type(head.content_type).value_or(kJsonType);
  replies.open();
  try {
    answer_safely(head.amz_target, reply, replies, [&] { std::rethrow_exception(failure); });
    const ReplySummary summary{reply.status, replies.body().size()};
    seal(head, reply, close, replies);
    return summary;
  } catch (...) {
    replies.abandon();
    throw;
  }
}

void Protocol::refuse(unsigned status, bool http_1_0, ReplyBuffer& replies) {
  counts_.count(RequestCounts::kOther, status, {}, 0);
  request_id_ = ids_.next();
  head_ = "HTTP/1.1 ";
  append_number(status, head_);
  head_ += ' ';
  head_ += reason_of(status);
  head_ += "\r\n";
  append_common(head_);
  head_ += "\r\nConnection: close\r\n";
  // The service sends its 413 chunked and empty.
  head_ += status == 413 && !http_1_0 ? "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" : "Content-Length: 0\r\n\r\n";
  replies.append(head_);
}

void Protocol::append_common(std::string& out) {
  out += "Server: Stator\r\nDate: ";
  out += date();
  out += "\r\nx-amzn-RequestId: ";
  out += request_id_;
}

std::string_view Protocol::date() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != date_second_) {
    // Formatted here, since strftime's names depend on the locale.
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm parts{};
    gmtime_r(&now.tv_sec, &parts);
    const auto end = fmt::format_to_n(date_text_.data(), date_text_.size(), "{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                                      kDays[parts.tm_wday], parts.tm_mday, kMonths[parts.tm_mon], parts.tm_year + 1900,
                                      parts.tm_hour, parts.tm_min, parts.tm_sec);
    date_size_ = end.size;
    date_second_ = now.tv_sec;
  }
  return {date_text_.data(), date_size_};
}

}  // namespace stator::server
