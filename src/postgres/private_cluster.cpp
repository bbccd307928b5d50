#include "postgres/private_cluster.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "postgres/connection.h"
#include "postgres/error.h"

namespace stator::postgres {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::string_view kSuperuser = "postgres";
/// sun_path holds 108 bytes, one of them the final NUL. Source: unix(7).
constexpr std::size_t kMaxSocketPathBytes = 107;
constexpr std::string_view kSocketName = "/.s.PGSQL.5432";
constexpr std::string_view kSocketLockName = ".s.PGSQL.5432.lock";
constexpr std::uintmax_t kMaxLogBytes = 1024 * 1024;
constexpr std::chrono::seconds kInitdbLimit{300};
constexpr milliseconds kPoll{10};
/// How long to wait for processes that a killed server left behind: until they end by themselves, and after each
/// signal.
constexpr std::chrono::seconds kOrphanPatience{3};
/// The parent of the cluster's directory if the server's account may not enter the data directory.
constexpr std::string_view kReachableParent = "/var/lib/stator";

constexpr std::string_view kSettings = R"(
# A private cluster: reached through its unix socket only, by whoever may enter its directory.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 50
shared_buffers = 32MB
log_min_messages = warning
logging_collector = off
log_destination = 'stderr'
lc_messages = 'C'
)";

std::string system_message() { return std::strerror(errno); }

/// A lock between processes, which the system releases when its holder dies.
class FileLock {
 public:
  FileLock(const fs::path& path, std::chrono::seconds patience) {
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) throw Error(ErrorKind::kCluster, path.string() + " could not be opened: " + system_message());
    const auto deadline = Clock::now() + patience;
    while (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
      if (Clock::now() > deadline) {
        ::close(file_);
        throw Error(ErrorKind::kCluster, "another command has been working on the private PostgreSQL cluster for " +
                                             std::to_string(patience.count()) + " seconds (" + path.string() + ")");
      }
      std::this_thread::sleep_for(kPoll);
    }
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() { ::close(file_); }

 private:
  int file_ = -1;
};

std::vector<std::string> read_lines(const fs::path& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; lines.size() < 16 && std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string read_tail(const fs::path& path, std::streamoff bytes) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return {};
  file.seekg(std::max<std::streamoff>(0, static_cast<std::streamoff>(file.tellg()) - bytes));
  return {std::istreambuf_iterator<char>(file), {}};
}

int to_int(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The last error line in PostgreSQL's log, without time and process.
std::string last_complaint(std::string_view text) {
  std::string found;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    for (const std::string_view mark : {"FATAL:  ", "PANIC:  ", "initdb: error: ", "initdb: fatal: ", "ERROR:  "}) {
      if (const std::size_t at = line.find(mark); at != std::string::npos) found = line.substr(at + mark.size());
    }
  }
  return found;
}

/// Why initdb or the server failed, taken from its output, as one line.
std::string reason(std::string_view output) {
  if (output.find("No space left on device") != std::string_view::npos) return "no space left on the disk";
  if (std::string complaint = last_complaint(output); !complaint.empty()) return one_line(complaint);
  const std::string text = one_line(output.size() > 300 ? output.substr(output.size() - 300) : output);
  return text.empty() ? "it said nothing" : text;
}

/// Whether the process's working directory is `directory`: then it is the server, and not another process with the same
/// id.
bool works_in(pid_t process, const fs::path& directory) {
  struct stat of_process {};
  struct stat of_directory {};
  const std::string link = "/proc/" + std::to_string(process) + "/cwd";
  return process > 1 && ::stat(link.c_str(), &of_process) == 0 && ::stat(directory.c_str(), &of_directory) == 0 &&
         of_process.st_dev == of_directory.st_dev && of_process.st_ino == of_directory.st_ino;
}

/// The server processes in `directory`: a running server's, or those left behind when it was killed.
std::vector<pid_t> server_processes_in(const fs::path& directory) {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const pid_t process = to_int(entry.path().filename().string());
    // Check the name, too: a user's shell may have that working directory.
    if (!works_in(process, directory) || read_lines(entry.path() / "comm") != std::vector<std::string>{"postgres"}) {
      continue;
    }
    found.push_back(process);
  }
  return found;
}

/// A short name that is always the same for a path (64-bit FNV-1a).
std::string short_name(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211ULL;
  std::array<char, 17> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), hash, 16).ptr;
  return {digits.data(), end};
}

}  // namespace

PrivateCluster::PrivateCluster(Options options)
    : options_(std::move(options)),
      data_(fs::absolute(options_.data_directory).lexically_normal()),
      link_(data_ / "postgres") {
  find_home();
}

void PrivateCluster::find_home() {
  std::error_code error;
  home_ = fs::canonical(link_, error);
  if (error) home_ = link_;
}

fs::path PrivateCluster::find_programs(int major_version) {
  constexpr std::string_view kVersions = "/usr/lib/postgresql";
  int newest = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(kVersions, ignored)) {
    const int version = to_int(entry.path().filename().string());
    if (!fs::exists(entry.path() / "bin/initdb", ignored) || !fs::exists(entry.path() / "bin/postgres", ignored))
      continue;
    if (major_version == 0 || version == major_version) newest = std::max(newest, version);
  }
  if (newest > 0) return fs::path(kVersions) / std::to_string(newest) / "bin";
  if (major_version > 0) {
    throw Error(ErrorKind::kMissing, "the private cluster was created by PostgreSQL " + std::to_string(major_version) +
                                         ", which is not installed: apt-get install postgresql-" +
                                         std::to_string(major_version));
  }
  throw Error(ErrorKind::kMissing, "PostgreSQL is not installed: apt-get install postgresql (or set CONNECTION_URL)");
}

void PrivateCluster::tell(std::string_view line) const {
  if (options_.tell) options_.tell(line);
}

void PrivateCluster::fail(const std::string& what, const std::string& why) const {
  throw Error(ErrorKind::kCluster, "the private PostgreSQL cluster in " + home_.string() + " " + what + ": " + why);
}

bool PrivateCluster::is_created() const {
  std::error_code ignored;
  return fs::exists(cluster() / "PG_VERSION", ignored);
}

bool PrivateCluster::is_running() const { return read_postmaster().has_value(); }

std::optional<PrivateCluster::Postmaster> PrivateCluster::read_postmaster() const {
  // Its lines: process, data directory, start time, port, socket directory, address, memory key, state.
  const std::vector<std::string> lines = read_lines(cluster() / "postmaster.pid");
  // The server writes the lines one by one while it starts.
  if (lines.empty()) return std::nullopt;
  Postmaster found{.process = to_int(lines[0]),
                   .socket_directory = lines.size() > 4 ? lines[4] : std::string(),
                   .ready = lines.size() > 7 && lines[7].starts_with("ready")};
  if (!works_in(found.process, cluster())) return std::nullopt;
  return found;
}

void PrivateCluster::own(const fs::path& path) const {
  if (account_ && ::lchown(path.c_str(), account_->user, account_->group) != 0) {
    fail("could not be created", path.string() + " could not be given to " + account_->name + ": " + system_message());
  }
}

void PrivateCluster::make_home() {
  std::error_code error;
  if (fs::is_symlink(link_) && !fs::exists(link_)) fs::remove(link_, error);  // a dangling link
  find_home();
  if (fs::exists(home_)) {
    if (can_access(home_, R_OK | W_OK | X_OK, account_)) return;
    // An empty directory that the server's account cannot use is replaced; one with content belongs to somebody else.
    if (fs::is_symlink(link_) || !fs::is_empty(home_, error) || error) {
      fail("cannot be used", (account_ ? account_->name : "this user") + std::string(" may not enter the directory"));
    }
    fs::remove(home_, error);
  }
  if (can_access(data_, X_OK, account_)) {
    if (::mkdir(home_.c_str(), 0700) != 0) fail("could not be created", system_message());
    own(home_);
    return;
  }
  if (!account_) fail("could not be created", data_.string() + " may not be entered");
  fs::create_directories(kReachableParent, error);
  std::string pattern = std::string(kReachableParent) + "/postgres-XXXXXX";
  if (error || ::mkdtemp(pattern.data()) == nullptr || ::symlink(pattern.c_str(), link_.c_str()) != 0) {
    fail("could not be created", "user " + account_->name + " may not enter " + data_.string() + ", and " +
                                     std::string(kReachableParent) + " cannot be used instead: " + system_message());
  }
  home_ = pattern;
  own(home_);
  tell("user " + account_->name + ", as whom PostgreSQL runs, may not enter " + data_.string() +
       ": the cluster is in " + home_.string());
}

void PrivateCluster::run_initdb(const fs::path& programs) {
  const fs::path half = home_ / "cluster.new";
  std::error_code error;
  fs::remove_all(half, error);  // left by a command that was killed
  const CommandResult result = run_program(
      {.arguments = {programs / "initdb", "--pgdata", half, "--username", std::string(kSuperuser), "--auth=trust",
                     "--encoding=UTF8", "--locale=C.UTF-8", "--lc-messages=C", "--no-instructions", "--no-sync"},
       .account = account_},
      kInitdbLimit);
  std::string failure = result.exit_status == 0 ? "" : reason(result.output);
  if (failure.empty()) {
    std::ofstream settings(half / "postgresql.conf", std::ios::app);
    settings << kSettings;
    settings.close();
    if (!settings) failure = "no space left on the disk";
  }
  // One sync of the file system instead of initdb's thousand syncs of files, which take seconds.
  if (const int directory = ::open(half.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      failure.empty() && directory >= 0) {
    if (::syncfs(directory) != 0) failure = system_message();
    ::close(directory);
  }
  if (failure.empty()) {
    fs::rename(half, cluster(), error);
    if (error) failure = error.message();
  }
  if (failure.empty()) return;
  fs::remove_all(half, error);
  fail("could not be created", failure);
}

void PrivateCluster::create() {
  const fs::path programs = options_.programs.empty() ? find_programs() : options_.programs;
  tell("creating a private PostgreSQL cluster in " + home_.string());
  make_home();
  run_initdb(programs);
}

fs::path PrivateCluster::make_socket_directory() {
  fs::path directory = home_ / "socket";
  const bool fits = directory.string().size() + kSocketName.size() <= kMaxSocketPathBytes;
  // For the server and libpq a comma separates directories, and '@' begins an abstract name.
  if (!fits || directory.string().find(',') != std::string::npos) {
    directory = "/tmp/stator-pg-" + short_name(home_.string());
  }
  if (::mkdir(directory.c_str(), 0700) == 0) {
    own(directory);
    return directory;
  }
  struct stat found {};
  const uid_t owner = account_ ? account_->user : ::geteuid();
  if (::lstat(directory.c_str(), &found) != 0) {
    fail("could not be started", directory.string() + " could not be made: " + system_message());
  }
  if (!S_ISDIR(found.st_mode) || found.st_uid != owner || (found.st_mode & 0077U) != 0) {
    fail("could not be started", directory.string() + " is not a directory of its account alone");
  }
  return directory;
}

bool PrivateCluster::wait_until_ready(pid_t server) {
  const auto deadline = Clock::now() + options_.patience;
  while (true) {
    int status = 0;
    if (::waitpid(server, &status, WNOHANG) == server) return false;
    if (const auto found = read_postmaster(); found && found->process == server && found->ready) return true;
    if (Clock::now() > deadline) {
      ::kill(server, SIGQUIT);
      ::waitpid(server, &status, 0);
      fail("could not be started", "it was not ready within " + std::to_string(options_.patience.count()) + " seconds");
    }
    std::this_thread::sleep_for(kPoll);
  }
}

bool PrivateCluster::wait_for_other_server() {
  const auto deadline = Clock::now() + options_.patience;
  while (const auto found = read_postmaster()) {
    if (found->ready) return true;
    if (Clock::now() > deadline) {
      fail("could not be started", "its server, process " + std::to_string(found->process) +
                                       ", has been starting or stopping for " +
                                       std::to_string(options_.patience.count()) + " seconds");
    }
    std::this_thread::sleep_for(kPoll);
  }
  return false;
}

void PrivateCluster::end_orphans() {
  std::vector<pid_t> left;
  const auto wait = [&] {
    const auto deadline = Clock::now() + kOrphanPatience;
    do {
      left = server_processes_in(cluster());
      if (left.empty()) return true;
      std::this_thread::sleep_for(kPoll);
    } while (Clock::now() < deadline);
    return false;
  };
  // A busy session does not notice that its server is gone; SIGQUIT ends it at once.
  for (const int signal : {0, SIGQUIT, SIGKILL}) {
    for (const pid_t process : left) ::kill(process, signal);
    if (wait()) return;
  }
  fail("could not be started", "process " + std::to_string(left.front()) + " of a server that was killed does not end");
}

void PrivateCluster::launch() {
  const std::vector<std::string> version = read_lines(cluster() / "PG_VERSION");
  const int major = version.empty() ? 0 : to_int(version.front());
  const fs::path programs = options_.programs.empty() ? find_programs(major) : options_.programs;
  std::error_code error;
  if (!can_access(cluster(), R_OK | W_OK | X_OK, account_)) {
    fail("cannot be used", (account_ ? account_->name : "this user") + std::string(" may not enter it"));
  }
  if (fs::file_size(log(), error) > kMaxLogBytes && !error) fs::rename(log(), home_ / "log.old", error);
  const fs::path sockets = make_socket_directory();
  end_orphans();
  // The system may take a moment to free the resources of a killed server, so try again.
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  while (true) {
    // No server is running (start() has checked). A process id left by a crash may belong to another process of this
    // account, or to a zombie, which the new server would take for a running server.
    fs::remove(cluster() / "postmaster.pid", error);
    fs::remove(sockets / kSocketLockName, error);
    const auto said_before = fs::file_size(log(), error);
    const std::uintmax_t before = error ? 0 : said_before;
    const pid_t server =
        start_program({.arguments = {programs / "postgres", "-D", cluster(), "-k", sockets, "-c", "listen_addresses="},
                       .account = account_,
                       .log = log()});
    if (::lchown(log().c_str(), account_ ? account_->user : ::geteuid(), static_cast<gid_t>(-1)) != 0 && account_) {
      fail("could not be started", "its log could not be given to " + account_->name);
    }
    if (wait_until_ready(server)) return;
    const auto said_after = fs::file_size(log(), error);
    const std::string said =
        read_tail(log(), static_cast<std::streamoff>(error || said_after < before ? 4096 : said_after - before));
    if (said.find("shared memory block") == std::string::npos || Clock::now() > deadline) {
      fail("could not be started", reason(said));
    }
    std::this_thread::sleep_for(milliseconds(200));
  }
}

void PrivateCluster::start() {
  if (const auto running = read_postmaster(); running && running->ready) return;
  account_ = unprivileged_account();
  std::error_code error;
  // Private to its owner, as the store creates it, too; but if the server has another account, that may pass through.
  if (fs::create_directories(data_, error)) fs::permissions(data_, fs::perms(account_ ? 0711 : 0700), error);
  if (error) fail("could not be created", error.message());
  const FileLock lock(data_ / "postgres.lock", options_.patience);
  find_home();
  if (wait_for_other_server()) return;
  if (!is_created()) create();
  launch();
}

bool PrivateCluster::stop() {
  std::error_code ignored;
  if (!fs::exists(home_, ignored)) return false;
  const FileLock lock(data_ / "postgres.lock", options_.patience);
  const auto running = read_postmaster();
  if (!running) return false;
  if (::kill(running->process, SIGINT) != 0) fail("could not be stopped", system_message());
  const auto deadline = Clock::now() + options_.patience;
  while (works_in(running->process, cluster())) {
    ::waitpid(running->process, nullptr, WNOHANG);  // reaps it if it is a child of this process
    if (Clock::now() > deadline) {
      fail("could not be stopped",
           "it was still there after " + std::to_string(options_.patience.count()) + " seconds");
    }
    std::this_thread::sleep_for(kPoll);
  }
  if (running->socket_directory.string().starts_with("/tmp/stator-pg-")) fs::remove(running->socket_directory, ignored);
  return true;
}

Target PrivateCluster::target(std::string_view database) const {
  const auto running = read_postmaster();
  if (!running || running->socket_directory.empty()) fail("is not running", "start it with any of the db commands");
  return {.url = "host=" + quote_conninfo_value(running->socket_directory.string()) +
                 " port=5432 user=" + std::string(kSuperuser),
          .database = std::string(database)};
}

std::string PrivateCluster::version() const {
  const std::vector<std::string> lines = read_lines(cluster() / "PG_VERSION");
  return lines.empty() ? std::string() : lines.front();
}

std::vector<std::string> PrivateCluster::log_lines(std::size_t most) const {
  constexpr std::streamoff kMostBytes = 2 * 1024 * 1024;  // twice the size at which a new log is started
  std::vector<std::string> lines;
  std::istringstream text{read_tail(log(), kMostBytes)};
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  if (lines.size() > most) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(most));
  return lines;
}

std::string PrivateCluster::last_fatal_message() const {
  std::string found;
  std::istringstream lines{read_tail(log(), 8192)};
  for (std::string line; std::getline(lines, line);) {
    for (const std::string_view mark : {"FATAL:  ", "PANIC:  "}) {
      if (const std::size_t at = line.find(mark); at != std::string::npos) found = line.substr(at + mark.size());
    }
  }
  return found;
}

}  // namespace stator::postgres
