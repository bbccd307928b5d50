#include "server/server.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

#include "server/signature_verifier.h"
#include "server/worker.h"

namespace stator::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kAcceptBackOff = std::chrono::milliseconds(100);
constexpr rlim_t kSpareDescriptors = 1024;  // the storage's files and what else is open
constexpr std::string_view kFullReply =
    "HTTP/1.1 503 Service Unavailable\r\nServer: Stator\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// The usual soft limit (1024) is there for programs that use select().
void raise_descriptor_limit(std::size_t connections) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = std::min<rlim_t>(limit.rlim_max, connections + kSpareDescriptors);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string address_text(const std::string& host, std::uint16_t port) {
  const bool bare_v6 = host.find(':') != std::string::npos && host.front() != '[';
  return (bare_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::unique_ptr<Authenticator> make_authenticator(const Options& options) {
  if (options.credentials == nullptr) return std::make_unique<AnyCredentials>();
  return std::make_unique<SignatureVerifier>(options.credentials);
}

tcp::endpoint resolve(asio::io_context& context, const Options& options) {
  boost::system::error_code error;
  std::string host = options.host;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const auto found = tcp::resolver(context).resolve(host, std::to_string(options.port), tcp::resolver::passive, error);
  if (error || found.empty()) {
    throw std::runtime_error("cannot listen on " + address_text(options.host, options.port) +
                             ": no address of that name");
  }
  return found.begin()->endpoint();
}

tcp::acceptor listen(asio::io_context& context, const Options& options) {
  const tcp::endpoint address = resolve(context, options);
  tcp::acceptor acceptor(context);
  const auto fail_on = [&](const boost::system::error_code& error) {
    if (!error) return;
    std::string why = error.message();
    if (error == asio::error::address_in_use) why = "the port is in use (--port chooses another)";
    if (error == asio::error::access_denied) why = "not permitted (ports below 1024 belong to root)";
    if (error == boost::system::errc::address_not_available) why = "this machine has no such address";
    throw std::runtime_error("cannot listen on " + address_text(options.host, options.port) + ": " + why);
  };
  boost::system::error_code error;
  acceptor.open(address.protocol(), error);
  fail_on(error);
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  fail_on(error);
  acceptor.bind(address, error);
  fail_on(error);
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  fail_on(error);
  return acceptor;
}

unsigned thread_count(const Options& options) {
  return options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

std::string exposure_warning(const Options& options, const std::string& address, std::uint16_t port) {
  boost::system::error_code error;
  const bool only_here = asio::ip::make_address(address, error).is_loopback() && !error;
  if (options.credentials != nullptr || only_here) return {};
  return "WHOEVER REACHES " + address_text(address, port) +
         " MAY READ AND CHANGE EVERYTHING: --credentials lets only your keys in";
}

/// One listening socket, on the first worker, hands each new connection to the worker with the fewest. With a socket a
/// worker (SO_REUSEPORT) the kernel spreads connections by hash, which for the dozen keep-alive connections of an SDK's
/// pool is far from even; and a second server on the same port would go unnoticed. docs/server.md has the measurement.
struct Server::Impl {
  Impl(endpoint::Endpoint& endpoint, const Options& wanted)
      : options(wanted),
        authenticator(make_authenticator(options)),
        workers(make_workers(endpoint)),
        acceptor(listen(first().context(), options)),
        port(acceptor.local_endpoint().port()),
        stop_event(first().context()),
        back_off(first().context()) {
    const int descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (descriptor < 0) throw std::runtime_error("cannot make an event descriptor");
    stop_event.assign(descriptor);
    stop_descriptor = descriptor;
    raise_descriptor_limit(options.max_connections);
    const std::string warning = exposure_warning(options, acceptor.local_endpoint().address().to_string(), port);
    if (!warning.empty()) spdlog::warn("{}", warning);
  }

  std::vector<std::unique_ptr<Worker>> make_workers(endpoint::Endpoint& endpoint) {
    std::vector<std::unique_ptr<Worker>> made;
    for (unsigned i = 0; i < thread_count(options); ++i) {
      made.push_back(std::make_unique<Worker>(endpoint, *authenticator, options, totals));
    }
    return made;
  }

  Worker& first() { return *workers.front(); }

  Worker& least_loaded() {
    return **std::min_element(workers.begin(), workers.end(),
                              [](const auto& left, const auto& right) { return left->load() < right->load(); });
  }

  void accept() {
    Worker& worker = least_loaded();
    acceptor.async_accept(worker.context(),
                          [this, &worker](const boost::system::error_code& error, tcp::socket socket) {
                            if (error == asio::error::operation_aborted || !acceptor.is_open()) return;
                            if (error) {
                              // Out of descriptors, most likely: no tight loop until some are free again.
                              spdlog::warn("cannot accept a connection: {}", error.message());
                              back_off.expires_after(kAcceptBackOff);
                              back_off.async_wait([this](const boost::system::error_code& stopped) {
                                if (!stopped) accept();
                              });
                              return;
                            }
                            hand_over(worker, std::move(socket));
                            accept();
                          });
  }

  void hand_over(Worker& worker, tcp::socket socket) {
    if (totals.connections.load(std::memory_order_relaxed) >= options.max_connections) {
      [[maybe_unused]] const ssize_t sent =
          ::send(socket.native_handle(), kFullReply.data(), kFullReply.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      return;
    }
    worker.adopt(std::move(socket));
  }

  void await_stop() {
    stop_event.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
      if (!error) begin_drain();
    });
  }

  void begin_drain() {
    // Clients whose connection the kernel has already made would be reset; take them in as the last.
    boost::system::error_code error;
    acceptor.non_blocking(true, error);
    while (!error) {
      Worker& worker = least_loaded();
      tcp::socket socket = acceptor.accept(worker.context(), error);
      if (!error) hand_over(worker, std::move(socket));
    }
    acceptor.close(error);
    back_off.cancel();
    for (const auto& worker : workers) worker->begin_drain();
  }

  const Options options;
  Totals totals;
  const std::unique_ptr<const Authenticator> authenticator;
  std::vector<std::unique_ptr<Worker>> workers;
  tcp::acceptor acceptor;
  std::uint16_t port;
  asio::posix::stream_descriptor stop_event;
  asio::steady_timer back_off;
  int stop_descriptor = -1;
};

Server::Server(endpoint::Endpoint& endpoint, const Options& options)
    : impl_(std::make_unique<Impl>(endpoint, options)) {}

Server::~Server() = default;

std::uint16_t Server::port() const { return impl_->port; }

std::string Server::url() const { return "http://" + address_text(impl_->options.host, impl_->port); }

void Server::run() {
  impl_->accept();
  impl_->await_stop();
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < impl_->workers.size(); ++i) {
    threads.emplace_back([worker = impl_->workers[i].get()] { worker->run(); });
  }
  impl_->first().run();
}

void Server::stop() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(impl_->stop_descriptor, &one, sizeof one);
}

}  // namespace stator::server
