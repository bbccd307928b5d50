#include "server/listener.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

namespace stator::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kBackOff = std::chrono::milliseconds(100);
constexpr auto kBetweenWarnings = std::chrono::seconds(10);

tcp::endpoint resolve(asio::io_context& context, std::string host, std::uint16_t port) {
  const std::string name = address_text(host, port);
  // The resolver treats an empty text as all addresses, which is not what an empty variable means.
  if (host.empty()) throw std::runtime_error("cannot listen on an empty address: --host needs one (0.0.0.0 is all)");
  boost::system::error_code error;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const auto found = tcp::resolver(context).resolve(host, std::to_string(port), tcp::resolver::passive, error);
  if (error || found.empty()) throw std::runtime_error("cannot listen on " + name + ": no address of that name");
  return found.begin()->endpoint();
}

tcp::acceptor listen(asio::io_context& context, const std::string& host, std::uint16_t port) {
  const tcp::endpoint address = resolve(context, host, port);
  tcp::acceptor acceptor(context);
  const auto fail_on = [&](const boost::system::error_code& error) {
    if (!error) return;
    std::string why = error.message();
    if (error == asio::error::address_in_use) why = "the port is in use (--port chooses another)";
    if (error == asio::error::access_denied) why = "not permitted (ports below 1024 belong to root)";
    if (error == boost::system::errc::address_not_available) why = "this machine has no such address";
    throw std::runtime_error("cannot listen on " + address_text(host, port) + ": " + why);
  };
  boost::system::error_code error;
  fail_on(acceptor.open(address.protocol(), error));
  fail_on(acceptor.set_option(tcp::acceptor::reuse_address(true), error));
  fail_on(acceptor.bind(address, error));
  fail_on(acceptor.listen(asio::socket_base::max_listen_connections, error));
  fail_on(acceptor.non_blocking(true, error));
  return acceptor;
}

bool is_out_of_descriptors(const boost::system::error_code& error) {
  return error == boost::system::errc::too_many_files_open ||
         error == boost::system::errc::too_many_files_open_in_system;
}

int open_reserve() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

std::string address_text(const std::string& host, std::uint16_t port) {
  const bool bare_v6 = host.find(':') != std::string::npos && host.front() != '[';
  return (bare_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Listener::Listener(asio::io_context& context, const std::string& host, std::uint16_t port, Choose choose,
                   Accepted accepted)
    : acceptor_(listen(context, host, port)),
      address_(acceptor_.local_endpoint()),
      back_off_(context),
      choose_(std::move(choose)),
      accepted_(std::move(accepted)),
      reserve_(open_reserve()) {}

Listener::~Listener() {
  if (reserve_ >= 0) ::close(reserve_);
}

void Listener::start() { wait(); }

void Listener::wait() {
  acceptor_.async_wait(tcp::acceptor::wait_read, [this](const boost::system::error_code& error) {
    if (error || !acceptor_.is_open()) return;
    if (accept_all()) {
      wait();
    } else {
      wait_a_while();
    }
  });
}

void Listener::wait_a_while() {
  back_off_.expires_after(kBackOff);
  back_off_.async_wait([this](const boost::system::error_code& error) {
    if (!error && acceptor_.is_open()) wait();
  });
}

bool Listener::accept_all() {
  while (true) {
    core::Descriptor socket(::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.number() >= 0) {
      accepted_(choose_(), std::move(socket));
      continue;
    }
    // The client gave up before it was accepted.
    if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) continue;
    const boost::system::error_code error(errno, boost::system::system_category());
    if (error == asio::error::would_block || error == asio::error::try_again) {
      return true;
    } else if (is_out_of_descriptors(error)) {
      switch (reject_one()) {
        case Rejected::kOne:
          warn(error);
          break;
        case Rejected::kNobody:
          return true;
        case Rejected::kFailed:
          warn(error);
          return false;
      }
    } else {
      // For example, the kernel is short of memory, which passes.
      warn(error);
      return false;
    }
  }
}

Listener::Rejected Listener::reject_one() {
  if (reserve_ < 0) reserve_ = open_reserve();
  if (reserve_ < 0) return Rejected::kFailed;
  ::close(reserve_);
  const int client = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
  // The kernel reports missing descriptors even if no client is waiting.
  const bool nobody = client < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  if (client >= 0) {
    [[maybe_unused]] const ssize_t sent =
        ::send(client, kFullReply.data(), kFullReply.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::close(client);
    ++rejected_;
  }
  reserve_ = open_reserve();
  if (nobody) return Rejected::kNobody;
  return client >= 0 ? Rejected::kOne : Rejected::kFailed;
}

void Listener::warn(const boost::system::error_code& error) {
  const auto now = std::chrono::steady_clock::now();
  if (warned_ != std::chrono::steady_clock::time_point() && now - warned_ < kBetweenWarnings) return;
  warned_ = now;
  spdlog::warn("cannot accept a connection: {} ({} clients turned away so far)", error.message(), rejected());
}

void Listener::stop() {
  try {
    accept_all();
  } catch (const std::exception& error) {
    spdlog::error("cannot accept the last connections: {}", error.what());
  }
  boost::system::error_code ignored;
  (void)acceptor_.close(ignored);
  back_off_.cancel();
}

}  // namespace stator::server
