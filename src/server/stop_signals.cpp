#include "server/stop_signals.h"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <stdexcept>

namespace stator::server {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  // Sent when the terminal goes away; programs started with nohup ignore it.
  struct sigaction hang_up {};
  if (::sigaction(SIGHUP, nullptr, &hang_up) == 0 && hang_up.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
  return set;
}

[[noreturn]] void leave() {
  spdlog::warn("calls that have no answer yet are given up");
  spdlog::default_logger()->flush();
  ::_exit(0);
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC);
  end_ = ::eventfd(0, EFD_CLOEXEC);
  if (signals_ >= 0 && end_ >= 0) return;
  close_descriptors();
  throw std::runtime_error("cannot watch for signals: no file descriptors left");
}

StopSignals::~StopSignals() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(end_, &one, sizeof one);
  if (thread_.joinable()) thread_.join();
  close_descriptors();
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void StopSignals::close_descriptors() const {
  if (signals_ >= 0) ::close(signals_);
  if (end_ >= 0) ::close(end_);
}

StopSignals::Watch::~Watch() {
  // Waits until a running call of `stop` has ended.
  const std::lock_guard lock(signals_.mutex_);
  signals_.stop_ = nullptr;
}

StopSignals::Watch StopSignals::watch(std::function<void()> stop) {
  {
    const std::lock_guard lock(mutex_);
    stop_ = std::move(stop);
  }
  if (!thread_.joinable()) thread_ = std::jthread([this] { run(); });
  return Watch(*this);
}

void StopSignals::run() {
  using Clock = std::chrono::steady_clock;
  bool stopping = false;
  Clock::time_point latest = Clock::time_point::max();
  while (true) {
    std::array<pollfd, 2> waiting{pollfd{signals_, POLLIN, 0}, pollfd{end_, POLLIN, 0}};
    int wait_ms = -1;
    if (latest != Clock::time_point::max()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(latest - Clock::now());
      if (left.count() <= 0) leave();
      wait_ms = static_cast<int>(left.count());
    }
    if (::poll(waiting.data(), waiting.size(), wait_ms) < 0 && errno != EINTR) return;
    if ((waiting[1].revents & POLLIN) != 0) return;
    if ((waiting[0].revents & POLLIN) == 0) continue;
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) != sizeof info) return;
    if (stopping) {
      // A closing terminal sends SIGHUP twice: from the kernel and from the shell.
      if (info.ssi_signo == SIGHUP) continue;
      ::_exit(128 + static_cast<int>(info.ssi_signo));
    }
    stopping = true;
    if (patience_) latest = Clock::now() + *patience_;
    const std::lock_guard lock(mutex_);
    if (stop_) stop_();
  }
}

}  // namespace stator::server
