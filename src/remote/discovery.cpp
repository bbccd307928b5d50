#include "remote/discovery.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "core/api_error.h"
#include "http/client.h"
#include "json/reader.h"
#include "json/writer.h"

namespace stator::remote {

namespace {

constexpr const char* kNoticeName = "server.json";
constexpr std::size_t kMaxNoticeBytes = 4096;

struct Notice {
  std::int64_t pid = 0;
  std::string url;
};

std::optional<Notice> read_notice(const std::filesystem::path& file) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (error || size > kMaxNoticeBytes) return std::nullopt;
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  json::Parser parser;
  json::Object object;
  json::Value pid;
  json::Value url;
  std::string_view url_text;
  Notice notice;
  try {
    if (parser.parse(text).get(object) != simdjson::SUCCESS) return std::nullopt;
  } catch (const core::ApiError&) {
    return std::nullopt;
  }
  if (!json::find_member(object, "pid", pid) || pid.get(notice.pid) != simdjson::SUCCESS || notice.pid <= 0 ||
      !json::find_member(object, "url", url) || url.get(url_text) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  notice.url = url_text;
  return notice;
}

bool is_alive(std::int64_t pid) { return ::kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM; }

bool answers(const std::string& url, std::uint32_t timeout_ms) {
  http::Request request;
  request.url = url;
  request.connect_timeout_ms = timeout_ms;
  request.timeout_ms = timeout_ms;
  request.use_proxy = false;
  request.max_reply_bytes = 64 * 1024;
  return http::Client().send(request).status == 200;
}

}  // namespace

std::optional<std::string> find_running_server(const std::filesystem::path& directory, std::uint32_t timeout_ms) {
  try {
    const auto notice = read_notice(directory / kNoticeName);
    if (notice && is_alive(notice->pid) && answers(notice->url, timeout_ms)) return notice->url;
  } catch (const std::exception&) {  // counts as no notice
  }
  return std::nullopt;
}

ServerNotice::ServerNotice(const std::filesystem::path& directory, const std::string& url)
    : file_(directory / kNoticeName) {
  std::string text = "{\"pid\":" + std::to_string(::getpid()) + ",\"url\":";
  json::append_string(url, text);
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
    if (notice && notice->pid == ::getpid()) std::filesystem::remove(file_, error);
  } catch (const std::exception&) {  // a stale notice at worst, which readers ignore
  }
}

}  // namespace stator::remote
