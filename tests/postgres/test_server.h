#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "postgres/child_process.h"
#include "postgres/connection.h"
#include "postgres/database.h"
#include "postgres/private_cluster.h"

namespace stator::postgres::testing {

/// A directory that is removed at the end, and that the account of PostgreSQL's programs may enter.
class TempDirectory {
 public:
  TempDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "stator-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = pattern;
    std::filesystem::permissions(path_, std::filesystem::perms(0755));
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline int free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ::bind(probe, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(probe);
  return ntohs(address.sin_port);
}

/// A PostgreSQL server on a free port of the loopback, with a password: the commands take it for a production server.
class TestServer {
 public:
  static constexpr const char* kPassword = "s3cret/word@home";
  static constexpr const char* kPasswordInUrl = "s3cret%2Fword%40home";

  TestServer() {
    const auto account = unprivileged_account();
    const std::filesystem::path programs = PrivateCluster::find_programs();
    const std::filesystem::path password_file = directory_.path() / "password";
    std::ofstream(password_file) << kPassword << '\n';
    if (account && ::chown(directory_.path().c_str(), account->user, account->group) != 0) {
      throw std::runtime_error("chown failed");
    }
    const CommandResult made =
        run_program({.arguments = {programs / "initdb", "-D", data(), "-U", "root", "--auth=scram-sha-256", "--no-sync",
                                   "--pwfile", password_file, "--locale=C.UTF-8", "--encoding=UTF8"},
                     .account = account},
                    std::chrono::seconds(120));
    if (made.exit_status != 0) throw std::runtime_error(made.output);
    for (int attempt = 0; attempt < 5; ++attempt) {
      port_ = free_port();
      if (start()) return;
    }
    throw std::runtime_error("the test's PostgreSQL server did not start");
  }
  ~TestServer() { stop(); }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  bool start() {
    process_ = start_program(
        {.arguments = {PrivateCluster::find_programs() / "postgres", "-D", data(), "-p", std::to_string(port_), "-k",
                       directory_.path(), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"},
         .account = unprivileged_account(),
         .log = directory_.path() / "log"});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < deadline) {
      if (::waitpid(process_, nullptr, WNOHANG) == process_) return false;
      try {
        const Connection probe(target("postgres"));
        return true;
      } catch (const Error&) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    }
    return false;
  }

  void stop() {
    if (process_ <= 0) return;
    ::kill(process_, SIGINT);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

  [[nodiscard]] std::string url(const std::string& database, const std::string& password = kPasswordInUrl) const {
    return "postgresql://root:" + password + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
  }
  [[nodiscard]] Target target(const std::string& database) const { return {.url = url(database)}; }
  [[nodiscard]] int port() const { return port_; }

  /// One server for the whole test program.
  static TestServer& shared() {
    static TestServer server;
    return server;
  }

 private:
  [[nodiscard]] std::filesystem::path data() const { return directory_.path() / "data"; }
  TempDirectory directory_;
  int port_ = 0;
  pid_t process_ = 0;
};

/// A database for one test, on the shared server.
class TestDatabase {
 public:
  explicit TestDatabase(std::string name) : name_(std::move(name)) {
    Connection maintenance(TestServer::shared().target("postgres"));
    drop_database(maintenance, name_, true);
    create_database(maintenance, name_);
  }
  ~TestDatabase() {
    try {
      Connection maintenance(TestServer::shared().target("postgres"));
      drop_database(maintenance, name_, true);
    } catch (const std::exception&) {
    }
  }
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;
  [[nodiscard]] Target target() const { return TestServer::shared().target(name_); }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
};

/// Stops a directory's private cluster at the end.
class ClusterGuard {
 public:
  explicit ClusterGuard(std::filesystem::path data) : data_(std::move(data)) {}
  ~ClusterGuard() {
    try {
      PrivateCluster({.data_directory = data_}).stop();
    } catch (const std::exception&) {
    }
  }
  ClusterGuard(const ClusterGuard&) = delete;
  ClusterGuard& operator=(const ClusterGuard&) = delete;

 private:
  std::filesystem::path data_;
};

/// Returns the Error that a call throws.
template <class Call>
Error error_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorKind::kUsage, "nothing was thrown");
}

inline bool is_one_line(const std::string& text) { return !text.empty() && text.find('\n') == std::string::npos; }

inline bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace stator::postgres::testing
