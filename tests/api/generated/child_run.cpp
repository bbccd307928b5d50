#include "api/generated/child_run.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <ctime>
#include <new>
#include <stdexcept>
#include <system_error>

namespace stator::api::generated {

namespace {

using std::chrono::milliseconds;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

/// The number of the child's current task, in shared memory: after the child's death it shows which task it was
/// running.
class SharedCounter {
 public:
  SharedCounter() {
    void* memory = ::mmap(nullptr, sizeof(Counter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) fail("mmap");
    counter_ = new (memory) Counter(0);
  }
  SharedCounter(const SharedCounter&) = delete;
  SharedCounter& operator=(const SharedCounter&) = delete;
  ~SharedCounter() { ::munmap(counter_, sizeof(Counter)); }
  void set(std::size_t value) { counter_->store(value); }
  [[nodiscard]] std::size_t get() const { return counter_->load(); }

 private:
  using Counter = std::atomic<std::size_t>;
  Counter* counter_ = nullptr;
};

void write_all(int file, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t written = ::write(file, text.data() + at, text.size() - at);
    if (written <= 0) ::_exit(3);
    at += static_cast<std::size_t>(written);
  }
}

/// Precedes a fault in the pipe: the task and the length of the reason, which follows.
struct Header {
  std::size_t task;
  std::size_t length;
};

void write_fault(int file, std::size_t task, const std::string& reason) {
  const Header header{task, reason.size()};
  std::string bytes(sizeof header, '\0');
  std::memcpy(bytes.data(), &header, sizeof header);
  write_all(file, bytes + reason);
}

std::vector<Fault> read_faults(const std::string& bytes) {
  std::vector<Fault> faults;
  for (std::size_t at = 0; at + sizeof(Header) <= bytes.size();) {
    Header header{};
    std::memcpy(&header, bytes.data() + at, sizeof header);
    at += sizeof header;
    faults.push_back({header.task, bytes.substr(at, header.length)});
    at += header.length;
  }
  return faults;
}

milliseconds cpu_time(pid_t process) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return milliseconds(0);
  return milliseconds(time.tv_sec * 1000 + time.tv_nsec / 1'000'000);
}

/// Collects what the child writes until it ends; kills it if one task takes too long.
class Watch {
 public:
  Watch(pid_t child, int pipe, const SharedCounter& at, milliseconds limit)
      : child_(child), pipe_(pipe), at_(at), limit_(limit) {}

  /// Returns why the child died early; nullopt if it completed all tasks.
  std::optional<std::string> wait(std::string& bytes) {
    while (read_some(bytes)) end_if_slow();
    int status = 0;
    if (::waitpid(child_, &status, 0) != child_) fail("waitpid");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
    if (slow_) return "more than " + std::to_string(limit_.count()) + " ms of processor time";
    return WIFSIGNALED(status) ? std::string("died: ") + ::strsignal(WTERMSIG(status))
                               : "exited with " + std::to_string(WEXITSTATUS(status));
  }

 private:
  bool read_some(std::string& bytes) {
    pollfd waiting{.fd = pipe_, .events = POLLIN, .revents = 0};
    constexpr int kPollMs = 50;
    if (::poll(&waiting, 1, kPollMs) == 0) return true;
    char buffer[65536];
    const ssize_t size = ::read(pipe_, buffer, sizeof buffer);
    if (size > 0) bytes.append(buffer, static_cast<std::size_t>(size));
    return size > 0;
  }

  void end_if_slow() {
    const milliseconds used = cpu_time(child_);
    if (const std::size_t at = at_.get(); at != seen_at_) {
      seen_at_ = at;
      used_before_ = used;
    } else if (!slow_ && used - used_before_ > limit_) {
      slow_ = true;
      ::kill(child_, SIGKILL);
    }
  }

  pid_t child_;
  int pipe_;
  const SharedCounter& at_;
  milliseconds limit_;
  std::size_t seen_at_ = SIZE_MAX;
  milliseconds used_before_{0};
  bool slow_ = false;
};

}  // namespace

std::vector<Fault> run_in_child(std::size_t count, milliseconds limit, const std::function<void()>& prepare,
                                const std::function<std::optional<std::string>(std::size_t)>& task) {
  std::vector<Fault> faults;
  SharedCounter at;
  int deaths = 0;
  for (std::size_t from = 0; from < count;) {
    int ends[2];
    if (::pipe(ends) != 0) fail("pipe");
    at.set(from);
    const pid_t child = ::fork();
    if (child < 0) fail("fork");
    if (child == 0) {
      ::close(ends[0]);
      prepare();
      for (std::size_t i = from; i < count; ++i) {
        at.set(i);
        if (const auto reason = task(i)) write_fault(ends[1], i, *reason);
      }
      ::_exit(0);
    }
    ::close(ends[1]);
    std::string bytes;
    const auto death = Watch(child, ends[0], at, limit).wait(bytes);
    ::close(ends[0]);
    for (Fault& fault : read_faults(bytes)) faults.push_back(std::move(fault));
    if (!death) break;
    faults.push_back({at.get(), *death});
    from = at.get() + 1;
    if (++deaths >= kMaxDeaths) {
      faults.push_back({from, "too many deaths; the tasks from here on were not run"});
      break;
    }
  }
  return faults;
}

}  // namespace stator::api::generated
