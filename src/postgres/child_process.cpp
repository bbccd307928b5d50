#include "postgres/child_process.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/signals.h"
#include "postgres/error.h"

namespace stator::postgres {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kMaxOutputBytes = std::size_t{64} * 1024;
constexpr int kCannotRun = 127;

/// Changes to the account. Uses only calls that are safe between fork and exec, as other threads may hold locks.
bool become(const std::optional<Account>& account) {
  if (!account) return true;
  return ::setgroups(1, &account->group) == 0 && ::setresgid(account->group, account->group, account->group) == 0 &&
         ::setresuid(account->user, account->user, account->user) == 0;
}

/// Runs the program in the child. `environment` must be made before fork.
[[noreturn]] void exec_child(const Command& command, char* const* arguments, char* const* environment, int output) {
  const int empty = ::open("/dev/null", O_RDONLY);
  ::dup2(empty, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::close_range(3, ~0U, 0);
  // Ctrl-C on this terminal must not stop a server that other commands use.
  if (command.log) ::setsid();
  core::restore_signals_of_writes();
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::umask(0077);
  if (::chdir("/") == 0 && become(command.account)) ::execve(arguments[0], arguments, environment);
  ::_exit(kCannotRun);
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& text : strings) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

pid_t spawn(const Command& command, int output) {
  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> environment{"PATH=/usr/bin:/bin", "LC_ALL=C", "HOME=/"};
  if (const char* zone = std::getenv("TZ"); zone != nullptr) environment.push_back(std::string("TZ=") + zone);
  const std::vector<char*> argument_pointers = pointers(arguments);
  const std::vector<char*> environment_pointers = pointers(environment);
  const pid_t child = ::fork();
  if (child == 0) exec_child(command, argument_pointers.data(), environment_pointers.data(), output);
  if (child < 0) throw Error(ErrorKind::kCluster, std::string("no process could be started: ") + std::strerror(errno));
  return child;
}

int wait_for_exit(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Reads until the program closes its output; false if the deadline passes first.
bool read_output(int from, Clock::time_point deadline, std::string& out) {
  std::array<char, 4096> buffer{};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd waiting{.fd = from, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, static_cast<int>(left)) <= 0) continue;
    const ssize_t count = ::read(from, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    out.append(buffer.data(), static_cast<std::size_t>(count));
    if (out.size() > 2 * kMaxOutputBytes) out.erase(0, out.size() - kMaxOutputBytes);
  }
}

}  // namespace

std::optional<Account> unprivileged_account() {
  if (::geteuid() != 0) return std::nullopt;
  for (const char* name : {"postgres", "nobody"}) {
    if (const passwd* entry = ::getpwnam(name); entry != nullptr && entry->pw_uid != 0) {
      return Account{entry->pw_uid, entry->pw_gid, name};
    }
  }
  throw Error(ErrorKind::kCluster, "PostgreSQL does not run as root, and this machine has no user postgres or nobody");
}

CommandResult run_program(const Command& command, std::chrono::seconds limit) {
  std::array<int, 2> pipe_ends{};
  if (::pipe2(pipe_ends.data(), O_CLOEXEC) != 0) {
    throw Error(ErrorKind::kCluster, std::string("no pipe could be made: ") + std::strerror(errno));
  }
  pid_t child = -1;
  try {
    child = spawn(command, pipe_ends[1]);
  } catch (...) {
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
    throw;
  }
  ::close(pipe_ends[1]);
  CommandResult result;
  const bool ended = read_output(pipe_ends[0], Clock::now() + limit, result.output);
  ::close(pipe_ends[0]);
  if (!ended) ::kill(child, SIGKILL);
  result.exit_status = wait_for_exit(child);
  if (!ended) {
    throw Error(ErrorKind::kTimeout,
                command.arguments.front() + " did not end within " + std::to_string(limit.count()) + " seconds");
  }
  if (result.exit_status == kCannotRun && result.output.empty()) {
    throw Error(ErrorKind::kMissing, command.arguments.front() + " could not be run");
  }
  return result;
}

pid_t start_program(const Command& command) {
  const int log = ::open(command.log->c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (log < 0) {
    throw Error(ErrorKind::kCluster, command.log->string() + " could not be written: " + std::strerror(errno));
  }
  pid_t child = -1;
  try {
    child = spawn(command, log);
  } catch (...) {
    ::close(log);
    throw;
  }
  ::close(log);
  return child;
}

bool can_access(const std::filesystem::path& path, int mode, const std::optional<Account>& account) {
  if (!account) return ::access(path.c_str(), mode) == 0;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(become(account) && ::access(path.c_str(), mode) == 0 ? 0 : 1);
  return child > 0 && wait_for_exit(child) == 0;
}

}  // namespace stator::postgres
