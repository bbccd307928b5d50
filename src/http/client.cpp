#include "http/client.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#include "core/ascii.h"
#include "http/curl_library.h"
#include "http/url.h"

namespace stator::http {

namespace {

/// Header fields of a reply beyond this number are dropped (libcurl itself limits the length of each).
constexpr std::size_t kMaxReplyFields = 100;

struct Incoming {
  Reply reply;
  std::size_t max_bytes = 0;
  bool too_large = false;
};

/// Whether the environment names a proxy for any hosts.
bool environment_has_proxy() {
  return std::ranges::any_of(std::array{"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"},
                             [](const char* name) {
                               const char* const value = std::getenv(name);
                               return value != nullptr && *value != '\0';
                             });
}

/// Called with libcurl's log of a request; keeps the proxy that it chose: "Uses proxy env variable http_proxy ==
/// 'http://10.0.0.1:3128'". After a failed request there is no other way to find out.
int take_note(CURL* /*handle*/, curl_infotype type, char* data, std::size_t size, void* user) {
  const std::string_view note(data, size);
  if (type != CURLINFO_TEXT || !note.starts_with("Uses proxy env variable ")) return 0;
  const std::size_t begin = note.find('\'');
  const std::size_t end = note.rfind('\'');
  if (begin >= end || end == std::string_view::npos) return 0;
  std::string_view proxy = note.substr(begin + 1, end - begin - 1);
  // A user and a password must not be in a message.
  const std::size_t user_end = proxy.rfind('@');
  if (user_end != std::string_view::npos) proxy.remove_prefix(user_end + 1);
  *static_cast<std::string*>(user) = proxy;
  return 0;
}

/// Called before a request is sent on a connection; refuses the second time. libcurl itself sends a request again if a
/// reused connection is cut without an answer. But the request may have had its effect, so the caller decides whether
/// to repeat it.
int allow_once(void* user, char* /*address*/, char* /*local_address*/, int /*port*/, int /*local_port*/) {
  bool& is_sent = *static_cast<bool*>(user);
  return std::exchange(is_sent, true) ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& incoming = *static_cast<Incoming*>(user);
  const std::size_t bytes = size * count;
  if (incoming.reply.body.size() + bytes > incoming.max_bytes) {
    incoming.too_large = true;
    return 0;
  }
  incoming.reply.body.append(data, bytes);
  return bytes;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return text;
}

std::size_t take_field(char* data, std::size_t size, std::size_t count, void* user) {
  auto& fields = static_cast<Incoming*>(user)->reply.fields;
  const std::string_view line(data, size * count);
  // A status line begins a new head: the fields before it belong to an interim reply.
  if (line.starts_with("HTTP/")) fields.clear();
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos && fields.size() < kMaxReplyFields) {
    fields.emplace_back(core::lowered(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  }
  return line.size();
}

struct FieldList {
  explicit FieldList(const CurlLibrary& library) : curl(library) {}
  ~FieldList() { curl.list_free(list); }
  FieldList(const FieldList&) = delete;
  FieldList& operator=(const FieldList&) = delete;
  void add(const std::string& line) {
    curl_slist* const longer = curl.list_append(list, line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    list = longer;
  }
  const CurlLibrary& curl;
  curl_slist* list = nullptr;
};

std::string seconds(std::uint32_t ms) {
  std::string text = std::to_string(ms / 1000);
  if (ms % 1000 != 0) text += "." + std::to_string(ms % 1000 + 1000).substr(1);
  while (ms % 1000 != 0 && text.back() == '0') text.pop_back();
  return text + " s";
}

struct Fault {
  TransportError::Kind kind;
  std::string cause;
};

/// How far a failed request came.
struct Progress {
  bool connected = false;
  bool sent = false;
  long proxy_status = 0;  // of a proxy's reply to CONNECT
};

Fault explain(CURLcode code, long os_errno, const Progress& progress, const Request& request, const char* curl_text) {
  using Kind = TransportError::Kind;
  if (!progress.sent && progress.proxy_status >= 300) {
    std::string cause = "the proxy refuses to, with HTTP status " + std::to_string(progress.proxy_status);
    if (progress.proxy_status == 407) cause += " (it wants a user and a password: http://USER:PASSWORD@HOST)";
    return {Kind::kConnect, std::move(cause)};
  }
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return {Kind::kConnect, "the host name is not known"};
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {Kind::kConnect, "the proxy's host name is not known"};
    case CURLE_COULDNT_CONNECT:
      return {Kind::kConnect, os_errno != 0 ? std::strerror(static_cast<int>(os_errno)) : curl_text};
    case CURLE_OPERATION_TIMEDOUT:
      if (!progress.connected) return {Kind::kConnect, "no connection within " + seconds(request.connect_timeout_ms)};
      return {Kind::kCut, "no answer within " + seconds(request.timeout_ms)};
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_ABORTED_BY_CALLBACK:  // allow_once
      if (!progress.sent) return {Kind::kConnect, "the connection was cut before the request was sent"};
      return {Kind::kCut, "the connection was cut before the whole answer came"};
    case CURLE_SSL_CONNECT_ERROR:
      return {Kind::kConnect, curl_text};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {Kind::kFatal, std::string(curl_text) +
                                " (AWS_CA_BUNDLE, or ca_bundle of the profile, names a file of certificates to trust)"};
    default:
      return {Kind::kFatal, curl_text};
  }
}

/// What libcurl writes to during a request.
struct Transfer {
  Incoming incoming;
  std::array<char, CURL_ERROR_SIZE> error_text{};
  std::string proxy;
  bool is_sent = false;
};

void add_fields(const Request& request, const Url& url, FieldList& fields) {
  const auto is_given = [&](std::string_view name) {
    return std::any_of(request.fields.begin(), request.fields.end(), [&](const auto& f) { return f.first == name; });
  };
  for (const auto& [name, value] : request.fields) {
    if (name.find_first_of("\r\n:") != std::string::npos || value.find_first_of("\r\n") != std::string::npos) {
      throw std::runtime_error("a header field for " + request.url + " holds a line break");
    }
    fields.add(value.empty() ? name + ";" : name + ": " + value);
  }
  if (!is_given("Host")) fields.add("Host: " + url.host_header());
  // Removes fields that libcurl would add.
  for (const char* name : {"Accept", "Expect", "User-Agent", "Content-Type"}) {
    if (!is_given(name)) fields.add(std::string(name) + ":");
  }
}

/// libcurl reads `fields` and writes `transfer` until the request has ended.
void set_options(const CurlLibrary& curl, CURL* handle, const Request& request, const Url& url, const FieldList& fields,
                 Transfer& transfer) {
  const auto set = [&](CURLoption option, auto value) {
    if (curl.set_option(handle, option, value) != CURLE_OK) {
      throw std::runtime_error("libcurl refuses option " + std::to_string(static_cast<int>(option)));
    }
  };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout_ms));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout_ms));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  const char* const ca_bundle =
      request.authorities.empty() ? std::getenv("AWS_CA_BUNDLE") : request.authorities.c_str();
  if (ca_bundle != nullptr && *ca_bundle != '\0') set(CURLOPT_CAINFO, ca_bundle);
  if (!request.use_proxy || url.is_on_loopback()) {
    set(CURLOPT_NOPROXY, "*");
  } else if (environment_has_proxy()) {
    set(CURLOPT_VERBOSE, 1L);
    set(CURLOPT_DEBUGFUNCTION, &take_note);
    set(CURLOPT_DEBUGDATA, static_cast<void*>(&transfer.proxy));
  }
  if (!request.body.empty() || request.method == "POST") {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.data() == nullptr ? "" : request.body.data());
  }
  set(CURLOPT_PREREQFUNCTION, &allow_once);
  set(CURLOPT_PREREQDATA, static_cast<void*>(&transfer.is_sent));
  set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  set(CURLOPT_HTTPHEADER, fields.list);
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&transfer.incoming));
  set(CURLOPT_HEADERFUNCTION, &take_field);
  set(CURLOPT_HEADERDATA, static_cast<void*>(&transfer.incoming));
  set(CURLOPT_ERRORBUFFER, transfer.error_text.data());
}

[[noreturn]] void throw_failure(const CurlLibrary& curl, CURL* handle, CURLcode code, const Request& request,
                                const Transfer& transfer) {
  if (transfer.incoming.too_large) {
    throw TransportError(TransportError::Kind::kFatal, request.url + " sent a reply of more than " +
                                                           std::to_string(request.max_reply_bytes) + " bytes");
  }
  long os_errno = 0;
  double connect_seconds = 0;
  Progress progress{.sent = transfer.is_sent};
  curl.get_info(handle, CURLINFO_OS_ERRNO, &os_errno);
  curl.get_info(handle, CURLINFO_PRETRANSFER_TIME, &connect_seconds);
  progress.connected = connect_seconds > 0;
  curl.get_info(handle, CURLINFO_HTTP_CONNECTCODE, &progress.proxy_status);
  const Fault fault = explain(code, os_errno, progress, request,
                              transfer.error_text[0] != '\0' ? transfer.error_text.data() : curl.error_text(code));
  const std::string way = transfer.proxy.empty() ? "" : " by the proxy " + transfer.proxy;
  throw TransportError(fault.kind, "cannot reach " + request.url + way + ": " + fault.cause);
}

}  // namespace

const std::string* Reply::field(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == name; });
  return found == fields.end() ? nullptr : &found->second;
}

/// Idle handles; each keeps its connections.
struct Client::Pool {
  const CurlLibrary& curl = CurlLibrary::get();
  std::mutex mutex;
  std::vector<CURL*> idle;

  ~Pool() {
    for (CURL* handle : idle) curl.easy_cleanup(handle);
  }
  CURL* take() {
    {
      const std::lock_guard lock(mutex);
      if (!idle.empty()) {
        CURL* const handle = idle.back();
        idle.pop_back();
        return handle;
      }
    }
    CURL* const handle = curl.easy_init();
    if (handle == nullptr) throw std::bad_alloc();
    return handle;
  }
  void give_back(CURL* handle) {
    curl.easy_reset(handle);  // resets options only: connections stay open
    const std::lock_guard lock(mutex);
    idle.push_back(handle);
  }
};

Client::Client() : pool_(std::make_unique<Pool>()) {}
Client::~Client() = default;

Reply Client::send(const Request& request) {
  const CurlLibrary& curl = pool_->curl;
  const auto give_back = [this](CURL* handle) { pool_->give_back(handle); };
  const std::unique_ptr<CURL, decltype(give_back)> owner(pool_->take(), give_back);
  CURL* const handle = owner.get();

  const Url url = parse_url(request.url.substr(0, request.url.find('?')));
  FieldList fields(curl);
  add_fields(request, url, fields);
  Transfer transfer;
  transfer.incoming.max_bytes = request.max_reply_bytes;
  set_options(curl, handle, request, url, fields, transfer);
  const CURLcode code = curl.perform(handle);
  if (code != CURLE_OK) throw_failure(curl, handle, code, request, transfer);
  long status = 0;
  curl.get_info(handle, CURLINFO_RESPONSE_CODE, &status);
  transfer.incoming.reply.status = static_cast<int>(status);
  return std::move(transfer.incoming.reply);
}

}  // namespace stator::http
