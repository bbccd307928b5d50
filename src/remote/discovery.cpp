#include "remote/discovery.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "core/api_error.h"
#include "http/client.h"
#include "json/reader.h"
#include "json/writer.h"

namespace stator::remote {

namespace {

constexpr const char* kIdentityPath = "/_stator/identity";

constexpr const char* kNoticeName = "server.json";
constexpr std::size_t kMaxNoticeBytes = 4096;

/// Larger than any reply with an identity.
constexpr std::size_t kMaxAnswerBytes = 4096;

struct Notice {
  std::string url;
  std::string id;
};

/// A member of a JSON object; empty if there is none.
std::string text_member(const std::string& text, std::string_view name) {
  json::Parser parser;
  json::Object object;
  json::Value value;
  std::string_view found;
  try {
    if (parser.parse(text).get(object) == simdjson::SUCCESS && json::find_member(object, name, value) &&
        value.get(found) == simdjson::SUCCESS) {
      return std::string(found);
    }
  } catch (const core::ApiError&) {  // not JSON
  }
  return {};
}

std::optional<Notice> read_notice(const std::filesystem::path& file) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (error || size > kMaxNoticeBytes) return std::nullopt;
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  Notice notice{.url = text_member(text, "url"), .id = text_member(text, "id")};
  if (notice.url.empty() || notice.id.empty()) return std::nullopt;
  return notice;
}

/// Whether the server at the notice's address is the one that wrote it.
bool answers(const Notice& notice, std::uint32_t timeout_ms) {
  http::Request request;
  request.url = notice.url + kIdentityPath;
  request.connect_timeout_ms = timeout_ms;
  request.timeout_ms = timeout_ms;
  request.use_proxy = false;
  request.max_reply_bytes = kMaxAnswerBytes;
  const http::Reply reply = http::Client().send(request);
  return reply.status == 200 && text_member(reply.body, "id") == notice.id;
}

/// Whether a process has the directory open for writing, as a server does. False for a copy of a server's directory.
bool is_held(const std::filesystem::path& directory) {
  const int file = ::open((directory / "LOCK").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool held = ::flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(file);
  return held;
}

}  // namespace

std::optional<std::string> find_running_server(const std::filesystem::path& directory, std::uint32_t timeout_ms,
                                               std::string* fault) {
  try {
    const auto notice = read_notice(directory / kNoticeName);
    // Check the lock last: trying it blocks a process that is just starting for a moment.
    if (notice && answers(*notice, timeout_ms) && is_held(directory)) return notice->url;
  } catch (const http::TransportError& error) {
    if (fault != nullptr && error.kind == http::TransportError::Kind::kFatal) *fault = error.what();
  } catch (const std::exception&) {  // counts as no notice
  }
  return std::nullopt;
}

ServerNotice::ServerNotice(const std::filesystem::path& directory, const std::string& url, std::string id)
    : file_(directory / kNoticeName), id_(std::move(id)) {
  std::string text = "{\"pid\":" + std::to_string(::getpid()) + ",\"url\":";
  json::append_string(url, text);
  text += ",\"id\":";
  json::append_string(id_, text);
  text += "}\n";
  const std::filesystem::path draft = file_.string() + "." + std::to_string(::getpid());
  std::ofstream out(draft, std::ios::trunc);
  std::error_code error;
  std::filesystem::permissions(draft, std::filesystem::perms(0600), error);
  out << text;
  out.close();
  if (out) std::filesystem::rename(draft, file_, error);
  if (!out || error) throw std::runtime_error("cannot write " + file_.string());
}

ServerNotice::~ServerNotice() {
  try {
    const auto notice = read_notice(file_);
    std::error_code error;
    if (notice && notice->id == id_) std::filesystem::remove(file_, error);
  } catch (const std::exception&) {  // a stale notice at worst, which readers ignore
  }
}

}  // namespace stator::remote
