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

/// A PostgreSQL cluster of our own in the data directory, so that every command has a server on a fresh machine.
///
///   <data>/postgres.lock      held while the cluster is created, started or stopped
///   <data>/postgres/          of the server's account, mode 0700; a link where that account may not enter <data>
///   <data>/postgres/cluster/  PostgreSQL's own directory
///   <data>/postgres/socket/   its unix socket; under /tmp where the path would pass the 107 bytes of a socket's
///   address <data>/postgres/log       what the server says; begun anew past 1 MB, the old one kept as log.old
///
/// It listens on the unix socket only. Whoever may enter the directory is its superuser, `postgres`.
class PrivateCluster {
 public:
  struct Options {
    /// The data directory of the whole program, e.g. ".stator".
    std::filesystem::path data_directory;
    /// Where initdb and postgres are; empty: the newest under /usr/lib/postgresql, else the one on the PATH.
    std::filesystem::path programs = {};
    /// How long another command may hold the lock, and how long the server may take to start or stop.
    std::chrono::seconds patience{60};
    /// Told, in one line each, what takes time or is worth knowing ("creating a private PostgreSQL cluster in …").
    std::function<void(std::string_view)> tell = {};
  };

  explicit PrivateCluster(Options options);

  /// Creates the cluster at first use and starts it where it is not running, also after its server was killed. Any
  /// number of processes may call it at once. Throws Error (kCluster, kMissing) with one line: programs missing, disk
  /// full, directory of another account, …
  void start();

  /// Ends its sessions and stops it. False where it was not running.
  bool stop();

  [[nodiscard]] bool is_created() const;
  /// Asked of the system, not of a file that a crash may have left behind.
  [[nodiscard]] bool is_running() const;

  /// Where it is; its major version, "15", empty where it is not created.
  [[nodiscard]] const std::filesystem::path& home() const { return home_; }
  [[nodiscard]] std::string version() const;
  /// The last lines of its log, the oldest first.
  [[nodiscard]] std::vector<std::string> log_lines(std::size_t most) const;

  /// How to reach it while it runs. Throws Error (kCluster) where it does not.
  [[nodiscard]] Target target(std::string_view database) const;

  /// The last FATAL or PANIC line of its log, without its time; empty where there is none. Says why a connection was
  /// cut.
  [[nodiscard]] std::string last_fatal_message() const;

  /// Where PostgreSQL's programs of that major version are (any, the newest, where 0). Throws Error (kMissing) with the
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
  /// Follows the link, which the server's account cannot.
  void find_home();
  void run_initdb(const std::filesystem::path& programs);
  void launch();
  bool wait_until_ready(pid_t server);
  /// Waits for a server that runs without our doing: true when it is ready, false when there is none any more. Another
  /// command made it ready before it let go of the lock, or was killed before that; or somebody is stopping it.
  bool wait_for_other_server();
  /// Waits for processes that a killed server left behind, then ends them: they hold its shared memory.
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
