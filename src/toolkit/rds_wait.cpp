#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <thread>

#include "postgres/target.h"
#include "toolkit/rds.h"

namespace stator::toolkit {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kAttempt{3'000};
constexpr std::chrono::milliseconds kPause{250};

/// Tries one address once. Returns an empty string if it answered, else what went wrong.
std::string try_address(const addrinfo& address, std::chrono::milliseconds limit) {
  const int number = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (number < 0) return std::strerror(errno);
  const std::unique_ptr<const int, void (*)(const int*)> closer(&number, [](const int* n) { ::close(*n); });
  if (::connect(number, address.ai_addr, address.ai_addrlen) == 0) return "";
  if (errno != EINPROGRESS) return std::strerror(errno);
  pollfd waiting{number, POLLOUT, 0};
  if (::poll(&waiting, 1, static_cast<int>(limit.count())) <= 0) return "no answer";
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(number, SOL_SOCKET, SO_ERROR, &error, &length);
  return error == 0 ? "" : std::strerror(error);
}

std::string try_target(const HostAndPort& target, Clock::time_point deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(target.host.c_str(), std::to_string(target.port).c_str(), &hints, &found);
  if (code != 0) return ::gai_strerror(code);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, &::freeaddrinfo);
  std::string why = "no address";
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    why = try_address(*address, std::clamp(left, std::chrono::milliseconds(1), kAttempt));
    if (why.empty()) break;
  }
  return why;
}

[[noreturn]] void refuse(const char* why) {
  throw std::runtime_error(std::string("the connection URL is not usable: ") + why +
                           " (expected postgresql://user@host:port/database)");
}

std::uint16_t port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) refuse("bad port number");
  return port;
}

/// Parses "host=db.example.com port=5433 …"; what is missing is found as libpq finds it.
HostAndPort parse_keywords(const std::string& text) {
  const postgres::TargetParts parts = postgres::target_parts({.url = text});
  const auto first = [](const std::string& list) { return list.substr(0, list.find(',')); };
  HostAndPort target;
  target.host = first(parts.address.empty() ? parts.host : parts.address);
  if (target.host.empty() || target.host.starts_with('/')) refuse("it names a unix socket, not a host");
  if (const std::string port = first(parts.port); !port.empty()) target.port = port_of(port);
  return target;
}

}  // namespace

HostAndPort parse_connection_url(const std::string& url) {
  if (url.find("://") == std::string::npos && url.find('=') != std::string::npos) return parse_keywords(url);
  std::string_view rest = url;
  const std::size_t scheme_end = rest.find("://");
  const std::string_view scheme = rest.substr(0, scheme_end);
  if (scheme_end == std::string_view::npos || (scheme != "postgresql" && scheme != "postgres")) {
    refuse("it must begin with postgresql://");
  }
  rest.remove_prefix(scheme_end + 3);
  rest = rest.substr(0, rest.find_first_of("/?"));
  const std::size_t at = rest.rfind('@');
  if (at != std::string_view::npos) rest.remove_prefix(at + 1);
  // libpq tries several hosts in turn; wait for the first.
  rest = rest.substr(0, rest.find(','));
  HostAndPort target;
  std::string_view port;
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    if (close == std::string_view::npos) refuse("the bracket is not closed");
    target.host = rest.substr(1, close - 1);
    port = rest.substr(close + 1);
  } else {
    target.host = rest.substr(0, rest.find(':'));
    port = rest.substr(target.host.size());
  }
  if (target.host.empty()) refuse("it names no host");
  if (target.host.find('%') != std::string::npos) refuse("it names a unix socket, not a host");
  if (port.size() > 1) {
    port.remove_prefix(1);
    target.port = port_of(port);
  }
  return target;
}

bool wait_for_port(const HostAndPort& target, std::uint64_t timeout_ms, std::string& why) {
  const auto deadline = Clock::now() + std::chrono::milliseconds(timeout_ms);
  for (;;) {
    why = try_target(target, deadline);
    if (why.empty()) return true;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    std::this_thread::sleep_for(std::min(left, kPause));
  }
}

}  // namespace stator::toolkit
