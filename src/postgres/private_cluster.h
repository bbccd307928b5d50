#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postgres/child_process.h"
#include "postgres/target.h"

namespace stator::postgres {

/// Stator's own PostgreSQL cluster in the data directory, so that every command has a server on a fresh machine.
///
///   <data>/postgres.lock      held while the cluster is created, started or stopped
///   <data>/postgres/          owned by the server's account, mode 0700; a link where that account may not enter <data>
///   <data>/postgres/cluster/  PostgreSQL's own directory
///   <data>/postgres/socket/   its unix socket; under /tmp where the path would exceed 107 bytes (unix(7))
///   <data>/postgres/log       the server's log; started anew past 1 MB, the old one kept as log.old
///
/// It listens on the unix socket only. Whoever can enter the directory can connect as the superuser, `postgres`.
class PrivateCluster {
 public:
  struct Options {
    /// The data directory of the whole program, e.g. ".stator".
    std::filesystem::path data_directory;
    /// The folder of initdb and postgres; empty: the newest under /usr/lib/postgresql, else the one on the PATH.
    std::filesystem::path programs = {};
    /// How long to wait for another command that holds the lock, and for the server to start or stop.
    std::chrono::seconds patience{60};
    /// Gets a line about each step that takes time or matters ("creating a private PostgreSQL cluster in …").
    std::function<void(std::string_view)> tell = {};
  };

  explicit PrivateCluster(Options options);

  /// Creates the cluster at first use and starts it where it is not running, also after its server was killed. Many
  /// processes may call it at once. Throws Error (kCluster, kMissing) with one line: programs missing, disk full,
  /// directory of another account, …
  void start();

  /// Ends its sessions and stops it. False where it was not running.
  bool stop();

  [[nodiscard]] bool is_created() const;
  /// Checks for the process itself: a crash may have left a file that says it runs.
  [[nodiscard]] bool is_running() const;

  /// Its directory; its major version ("15"), empty where it is not created.
  [[nodiscard]] const std::filesystem::path& home() const { return home_; }
  [[nodiscard]] std::string version() const;
  /// The last lines of its log, the oldest first.
  [[nodiscard]] std::vector<std::string> log_lines(std::size_t most) const;

  /// The connection target while it runs. Throws Error (kCluster) where it does not run.
  [[nodiscard]] Target target(std::string_view database) const;

  /// The last FATAL or PANIC line of its log, without its time; empty where there is none. Says why a connection was
  /// cut.
  [[nodiscard]] std::string last_fatal_message() const;

  /// The folder of PostgreSQL's programs of that major version (0: the newest). Throws Error (kMissing) with the
  /// package to install.
  static std::filesystem::path find_programs(int major_version = 0);

 private:
  struct Postmaster {
    pid_t process = 0;
    std::filesystem::path socket_directory;
    bool ready = false;
  };

  [[nodiscard]] std::optional<Postmaster> read_postmaster() const;
  [[nodiscard]] std::filesystem::path cluster() const { return home_ / "cluster"; }
  [[nodiscard]] std::filesystem::path log() const { return home_ / "log"; }
  void create();
  void make_home();
  /// Sets home_ to the link's target, as the server's account cannot follow the link.
  void find_home();
  void run_initdb(const std::filesystem::path& programs);
  void launch();
  bool wait_until_ready(pid_t server);
  /// Waits for a server that another command started: true when it is ready, false when it is gone. It may still be
  /// starting where that command was killed, or be stopping.
  bool wait_for_other_server();
  /// Waits for processes that a killed server left behind, then ends them, since they hold its shared memory.
  void end_orphans();
  std::filesystem::path make_socket_directory();
  void own(const std::filesystem::path& path) const;
  [[noreturn]] void fail(const std::string& what, const std::string& why) const;
  void tell(std::string_view line) const;

  Options options_;
  std::filesystem::path data_;
  /// <data>/postgres, which may be a link to home_.
  std::filesystem::path link_;
  std::filesystem::path home_;
  std::optional<Account> account_;
};

}  // namespace stator::postgres
