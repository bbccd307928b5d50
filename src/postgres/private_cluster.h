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
///   <data>/postgres/          owned by the server's account, mode 0700; a link if that account may not enter <data>
///   <data>/postgres/cluster/  PostgreSQL's own directory
///   <data>/postgres/socket/   its unix socket; under /tmp if the path would exceed 107 bytes (unix(7))
///   <data>/postgres/log       the server's log; a new one is started at 1 MB, the old one is log.old
///
/// The server listens on the unix socket only. Whoever can enter the directory can connect as the superuser,
/// `postgres`.
class PrivateCluster {
 public:
  struct Options {
    /// The data directory of the whole program, e.g. ".stator".
    std::filesystem::path data_directory;
    /// The folder of initdb and postgres; empty: the newest under /usr/lib/postgresql, else the one on the PATH.
    std::filesystem::path programs = {};
    /// How long to wait for another command that holds the lock, and for the server to start or stop.
    std::chrono::seconds patience{60};
    /// Called with a line about each step that takes time or is important ("creating a private PostgreSQL cluster in
    /// …").
    std::function<void(std::string_view)> tell = {};
  };

  explicit PrivateCluster(Options options);

  /// Creates the cluster at first use, and starts it if it is not running, also after its server was killed. Several
  /// processes may call this at the same time. Throws Error (kCluster, kMissing) with one line: programs missing, disk
  /// full, directory of another account, …
  void start();

  /// Ends all sessions and stops the server. Returns false if it was not running.
  bool stop();

  [[nodiscard]] bool is_created() const;
  /// Checks the process itself, as a crash may leave a file that says that it is running.
  [[nodiscard]] bool is_running() const;

  /// The cluster's directory, and its major version ("15"; empty if it is not created).
  [[nodiscard]] const std::filesystem::path& home() const { return home_; }
  [[nodiscard]] std::string version() const;
  /// The last lines of its log, the oldest first.
  [[nodiscard]] std::vector<std::string> log_lines(std::size_t most) const;

  /// The connection target of the running server. Throws Error (kCluster) if it is not running.
  [[nodiscard]] Target target(std::string_view database) const;

  /// The last FATAL or PANIC line of its log, without the time; empty if there is none. Says why a connection was cut.
  [[nodiscard]] std::string last_fatal_message() const;

  /// The folder of the PostgreSQL programs of that major version (0: the newest). Throws Error (kMissing), which names
  /// the package to install.
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
  /// Waits for a server that another command started. Returns true when it is ready, false when no server is running.
  /// It may be stopping, or still starting if that command was killed.
  bool wait_for_other_server();
  /// Waits for processes left behind by a killed server, then ends them, as they hold its shared memory.
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
