#include "server/server.h"

#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "server/call_monitor.h"
#include "server/event_loop.h"
#include "server/listener.h"
#include "server/process_figures.h"
#include "server/request_counts.h"
#include "server/signature_verifier.h"
#include "server/thread_pool.h"
#include "server/tls_identity.h"
#include "server/web_rules.h"

namespace stator::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Further calls beyond Options::max_calls, for operations on one item only.
constexpr std::size_t kMaxFurtherItemCalls = 8;
// Descriptors of an event loop (epoll and event); other descriptors; the fewest connections that a server starts with.
constexpr std::size_t kDescriptorsOfALoop = 2;
constexpr std::size_t kOtherDescriptors = 32;
constexpr std::size_t kLeastConnections = 8;

/// Raises the soft limit on open files; the usual 1024 is for programs that use select(). Returns the resulting limit.
std::size_t raise_descriptor_limit(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  if (limit.rlim_cur < wanted) {
    rlimit raised = limit;
    raised.rlim_cur = std::min<rlim_t>(limit.rlim_max, wanted);
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return limit.rlim_cur;
}

std::unique_ptr<Authenticator> make_authenticator(const Options& options) {
  if (options.credentials == nullptr) return std::make_unique<AnyCredentials>();
  return std::make_unique<SignatureVerifier>(options.credentials);
}

unsigned loop_count(const Options& options) {
  return options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
}

ThreadPool::Limits thread_limits(const Options& options) {
  const std::size_t loops = loop_count(options);
  const std::size_t calls = loops + options.max_calls;
  const std::size_t item_calls = calls + kMaxFurtherItemCalls;
  return {.calls = calls, .item_calls = item_calls, .all = item_calls + loops};
}

/// The number of connections in `options`, or fewer if the limit on open files requires it.
std::size_t connections_within_limit(const Options& options) {
  const std::size_t taken =
      options.reserved_descriptors + kDescriptorsOfALoop * loop_count(options) + kOtherDescriptors;
  const std::size_t limit = raise_descriptor_limit(taken + options.max_connections);
  if (limit >= taken + options.max_connections) return options.max_connections;
  if (limit < taken + std::min(kLeastConnections, options.max_connections)) {
    throw std::runtime_error("the limit on open files is too low: " + std::to_string(limit) + ", and " +
                             std::to_string(taken + kLeastConnections) + " are needed (ulimit -n)");
  }
  spdlog::warn("the limit on open files ({}) leaves room for {} connections, not {}", limit, limit - taken,
               options.max_connections);
  return limit - taken;
}

}  // namespace

std::string exposure_warning(const Options& options, const std::string& address, std::uint16_t port) {
  boost::system::error_code error;
  const bool only_here = asio::ip::make_address(address, error).is_loopback() && !error;
  if (options.credentials != nullptr || only_here) return {};
  return "WHOEVER REACHES " + address_text(address, port) +
         " MAY READ AND CHANGE EVERYTHING: --credentials lets only your keys in";
}

/// One listening socket, with its own thread, which gives each new connection to the loop with the fewest. With one
/// socket per loop (SO_REUSEPORT) the kernel would distribute connections by hash, which is far from even for the dozen
/// keep-alive connections of an SDK's pool, and a second server on the same port would go unnoticed. docs/server.md has
/// the measurement.
struct Server::Impl {
  Impl(endpoint::Endpoint& endpoint, const Options& wanted)
      : options(with_metrics(wanted)),
        budget(options.max_buffered_bytes),
        authenticator(make_authenticator(options)),
        pool(
            [this, &endpoint] {
              return std::make_unique<Protocol>(endpoint, *authenticator, *web_rules, options, counts, draining);
            },
            thread_limits(options)),
        monitor(pool),
        shared{.options = options,
               .budget = budget,
               .pool = pool,
               .monitor = monitor,
               .connections = connections,
               .make_transport = [this](core::Descriptor socket) { return make_transport(std::move(socket)); }},
        listener(
            context, options.host, options.port, [this]() -> EventLoop& { return least_loaded(); },
            [this](EventLoop& loop, core::Descriptor socket) { hand_over(loop, std::move(socket)); }),
        max_connections(connections_within_limit(options)),
        stop_event(context),
        next_check(context) {
    const tcp::endpoint address = listener.address();
    web_rules.emplace(options.allowed_origins, address.address().is_loopback());
    stop_descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop_descriptor < 0) throw std::runtime_error("cannot make an event descriptor");
    stop_event.assign(stop_descriptor);
    for (unsigned i = 0; i < loop_count(options); ++i) {
      loops.push_back(std::make_unique<EventLoop>(shared));
      loops.back()->on_end = [this] {
        if (loops_running.fetch_sub(1) == 1) context.stop();
      };
      monitor.add(*loops.back());
    }
  }

  Options with_metrics(Options wanted) {
    wanted.routes.push_back({.method = "GET",
                             .path = std::string(kMetricsPath),
                             .content_type = core::MetricsText::kContentType,
                             .answer = [this](std::string_view /*body*/, std::string& reply) {
                               core::MetricsText text(reply);
                               append_metrics(text);
                               for (const core::MetricSource& source : options.metrics) source(text);
                             }});
    return wanted;
  }

  void append_metrics(core::MetricsText& out) {
    using core::MetricKind;
    counts.append(out);
    out.one("stator_connections", MetricKind::kGauge, "Connections that are open.", connections.load());
    out.one("stator_connections_max", MetricKind::kGauge, "The most that may be open at the same time.",
            max_connections);
    out.one("stator_connections_accepted_total", MetricKind::kCounter, "Connections that were taken in.",
            accepted.load());
    out.one("stator_connections_refused_total", MetricKind::kCounter,
            "Connections that were refused, as there were too many or no descriptor was left.",
            refused.load() + listener.rejected());
    const std::size_t busy = pool.running();
    out.one("stator_calls_running", MetricKind::kGauge,
            "Calls on threads of their own, beside those of the event loops.",
            busy - std::min(busy, loops_running.load()));
    out.one("stator_calls_waiting", MetricKind::kGauge, "Calls that wait for a thread.", pool.waiting());
    out.one("stator_buffered_bytes", MetricKind::kGauge, "Bytes that requests and unread replies hold.", budget.used());
    out.one("stator_buffered_max_bytes", MetricKind::kGauge,
            "The most that they may hold; requests beyond are refused.", budget.limit(BudgetPart::kShared));
    append_process_figures(out);
  }

  std::unique_ptr<Transport> make_transport(core::Descriptor socket) const {
    if (options.tls == nullptr) return std::make_unique<PlainTransport>(std::move(socket));
    return std::make_unique<TlsTransport>(std::move(socket), *options.tls->value());
  }

  EventLoop& least_loaded() {
    return **std::min_element(loops.begin(), loops.end(),
                              [](const auto& left, const auto& right) { return left->load() < right->load(); });
  }

  void hand_over(EventLoop& loop, core::Descriptor socket) {
    if (connections.load(std::memory_order_relaxed) >= max_connections) {
      [[maybe_unused]] const ssize_t sent =
          ::send(socket.number(), kFullReply.data(), kFullReply.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      refused.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    accepted.fetch_add(1, std::memory_order_relaxed);
    loop.adopt(std::move(socket));
  }

  void await_stop() {
    stop_event.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
      if (!error) begin_drain();
    });
  }

  void await_check() {
    if (options.tls == nullptr && options.credentials == nullptr && options.on_check == nullptr) return;
    next_check.expires_after(std::chrono::milliseconds(options.check_interval_ms));
    next_check.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      if (options.on_check != nullptr) options.on_check();
      refresh_or_warn(options.tls.get(), "the certificate stays as it was", [](const TlsContext& next) {
        spdlog::info("new connections get another certificate, SHA-256 {}", next.fingerprint());
      });
      refresh_or_warn(options.credentials.get(), "the keys of callers stay as they were", [](const AccessKeys& keys) {
        spdlog::info("the keys of callers were read again, {} in all", keys.size());
      });
      await_check();
    });
  }

  template <typename T, typename Tell>
  static void refresh_or_warn(Reloadable<T>* reloadable, std::string_view otherwise, const Tell& tell) {
    if (reloadable == nullptr) return;
    try {
      if (reloadable->refresh()) tell(*reloadable->value());
    } catch (const std::exception& fault) {
      spdlog::warn("{}; {}", fault.what(), otherwise);
    }
  }

  void begin_drain() {
    draining = true;
    listener.stop();
    for (const auto& loop : loops) loop->begin_drain();
  }

  /// Throws std::runtime_error if there are too few threads, and then none runs.
  void start_loops() {
    loops_running = loops.size();
    std::size_t started = 0;
    std::string why = "no thread for each event loop";
    try {
      while (started < loops.size()) {
        EventLoop* const loop = loops[started].get();
        if (!pool.run_now([loop](Protocol& protocol) { loop->drive(protocol); })) break;
        ++started;
      }
      if (started == loops.size()) {
        monitor.start();
        return pool.add_spare();
      }
    } catch (const std::system_error& error) {
      why = error.what();
    }
    for (std::size_t i = 0; i < started; ++i) loops[i]->begin_drain();
    pool.join();
    monitor.stop();
    throw std::runtime_error("cannot start the server's threads: " + why);
  }

  void run() {
    start_loops();
    const auto work = asio::make_work_guard(context);
    listener.start();
    await_stop();
    await_check();
    while (!context.stopped()) {
      try {
        context.run();
      } catch (const std::exception& error) {
        // One new connection failed (memory ran out, say).
        spdlog::error("a connection could not be taken in: {}", error.what());
      }
    }
    pool.join();
    monitor.stop();
  }

  const Options options;
  MemoryBudget budget;
  RequestCounts counts;
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> accepted{0};
  std::atomic<std::size_t> refused{0};
  std::atomic<bool> draining{false};
  const std::unique_ptr<const Authenticator> authenticator;
  std::optional<WebRules> web_rules;  // set when the listening address is known
  asio::io_context context;           // of the listening socket
  ThreadPool pool;
  CallMonitor monitor;
  const Shared shared;
  std::vector<std::unique_ptr<EventLoop>> loops;
  std::atomic<std::size_t> loops_running{0};
  Listener listener;
  const std::size_t max_connections;
  asio::posix::stream_descriptor stop_event;
  asio::steady_timer next_check;
  int stop_descriptor = -1;
};

Server::Server(endpoint::Endpoint& endpoint, const Options& options)
    : impl_(std::make_unique<Impl>(endpoint, options)) {}

Server::~Server() = default;

std::uint16_t Server::port() const { return impl_->listener.address().port(); }

std::string Server::url() const {
  return (impl_->options.tls == nullptr ? "http://" : "https://") + address_text(impl_->options.host, port());
}

bool Server::is_on_loopback() const { return impl_->listener.address().address().is_loopback(); }

std::size_t Server::max_connections() const { return impl_->max_connections; }

std::size_t Server::buffered_bytes() const { return impl_->budget.used(); }

void Server::run() {
  const asio::ip::tcp::endpoint address = impl_->listener.address();
  const std::string warning = exposure_warning(impl_->options, address.address().to_string(), address.port());
  if (!warning.empty()) spdlog::warn("{}", warning);
  impl_->run();
}

void Server::stop() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(impl_->stop_descriptor, &one, sizeof one);
}

}  // namespace stator::server
