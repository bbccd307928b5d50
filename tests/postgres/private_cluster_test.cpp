#include "postgres/private_cluster.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "test_server.h"

namespace stator::postgres {
namespace {

namespace fs = std::filesystem;
using testing::ClusterGuard;
using testing::contains;
using testing::error_of;
using testing::is_one_line;
using testing::TempDirectory;

Connection connect(const PrivateCluster& cluster) { return Connection(cluster.target("postgres")); }

/// Waits until a process is gone that may not be our child.
void wait_until_gone(pid_t process) {
  for (int i = 0; i < 500 && ::kill(process, 0) == 0; ++i) {
    ::waitpid(process, nullptr, WNOHANG);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

pid_t postmaster_of(const fs::path& data) {
  pid_t process = 0;
  std::ifstream(data / "postgres/cluster/postmaster.pid") >> process;
  return process;
}

TEST(PrivateCluster, IsCreatedAtFirstUseStartedOnDemandAndStopped) {
  const TempDirectory directory;
  const fs::path data = directory.path() / "data";
  const ClusterGuard guard(data);
  std::vector<std::string> told;
  PrivateCluster cluster({.data_directory = data, .tell = [&](std::string_view line) { told.emplace_back(line); }});
  EXPECT_FALSE(cluster.is_created());
  EXPECT_FALSE(cluster.is_running());
  EXPECT_FALSE(cluster.stop());
  EXPECT_FALSE(fs::exists(data)) << "asking leaves nothing behind";
  EXPECT_THROW(static_cast<void>(cluster.target("postgres")), Error);

  cluster.start();
  EXPECT_EQ(told.size(), 1U);
  EXPECT_TRUE(cluster.is_created());
  EXPECT_TRUE(cluster.is_running());
  {
    Connection connection = connect(cluster);
    EXPECT_EQ(connection.value("SHOW listen_addresses"), "");
    EXPECT_EQ(connection.value("SHOW server_encoding"), "UTF8");
    EXPECT_EQ(connection.value("SHOW fsync"), "on");
    connection.execute("CREATE TABLE kept (a int)");
  }
  struct stat home {};
  ASSERT_EQ(::stat((data / "postgres").c_str(), &home), 0);
  EXPECT_EQ(home.st_mode & 0777U, 0700U);
  if (::geteuid() == 0) {
    EXPECT_NE(home.st_uid, 0U);
  }

  cluster.start();  // it is already running
  EXPECT_TRUE(cluster.stop());
  EXPECT_FALSE(cluster.is_running());
  EXPECT_FALSE(cluster.stop());

  cluster.start();
  EXPECT_EQ(told.size(), 1U) << "the second start creates nothing";
  EXPECT_EQ(connect(cluster).value("SELECT to_regclass('kept')::text"), "kept");
}

TEST(PrivateCluster, ServerSeesNoRoot) {
  const TempDirectory directory;
  const ClusterGuard guard(directory.path());
  PrivateCluster cluster({.data_directory = directory.path()});
  cluster.start();
  struct stat process {};
  ASSERT_EQ(::stat(("/proc/" + std::to_string(postmaster_of(directory.path()))).c_str(), &process), 0);
  EXPECT_NE(process.st_uid, 0U);
}

TEST(PrivateCluster, ManyCommandsAtOnceMakeOneCluster) {
  const TempDirectory directory;
  const ClusterGuard guard(directory.path());
  std::vector<pid_t> commands;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        PrivateCluster cluster({.data_directory = directory.path()});
        cluster.start();
        ::_exit(connect(cluster).value("SELECT 1") == "1" ? 0 : 2);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ::_exit(1);
      }
    }
    commands.push_back(child);
  }
  for (const pid_t command : commands) {
    int status = 0;
    ASSERT_EQ(::waitpid(command, &status, 0), command);
    EXPECT_EQ(status, 0);
  }
}

TEST(PrivateCluster, ComesBackAfterItsServerWasKilled) {
  const TempDirectory directory;
  const ClusterGuard guard(directory.path());
  PrivateCluster cluster({.data_directory = directory.path()});
  cluster.start();
  connect(cluster).execute("CREATE TABLE kept (a int)");
  const pid_t server = postmaster_of(directory.path());
  ASSERT_EQ(::kill(server, SIGKILL), 0);
  wait_until_gone(server);
  EXPECT_FALSE(cluster.is_running()) << "the stale postmaster.pid does not count";
  cluster.start();
  EXPECT_EQ(connect(cluster).value("SELECT to_regclass('kept')::text"), "kept");
}

TEST(PrivateCluster, ComesBackWhileItsKilledServerIsNotYetWaitedFor) {
  const TempDirectory directory;
  const ClusterGuard guard(directory.path());
  PrivateCluster cluster({.data_directory = directory.path()});
  cluster.start();
  const pid_t server = postmaster_of(directory.path());
  ASSERT_EQ(::kill(server, SIGKILL), 0);
  // The server is our child, so its process number stays taken until we wait for it; the same happens in a container
  // whose first process waits for no children.
  siginfo_t died{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(server), &died, WEXITED | WNOWAIT), 0);
  cluster.start();
  EXPECT_EQ(connect(cluster).value("SELECT 1"), "1");
  ::waitpid(server, nullptr, 0);
}

TEST(PrivateCluster, EndsTheSessionsThatAKilledServerLeftBehind) {
  const TempDirectory directory;
  const ClusterGuard guard(directory.path());
  PrivateCluster cluster({.data_directory = directory.path()});
  cluster.start();
  Connection busy = connect(cluster);
  const std::string session = *busy.value("SELECT pg_backend_pid()::text");
  // The session computes, so it does not notice that its server is gone; it holds the shared memory.
  std::thread endless([&] { EXPECT_THROW(busy.execute("DO $$ BEGIN LOOP END LOOP; END $$"), Error); });
  {
    Connection watcher = connect(cluster);
    while (watcher.value("SELECT state FROM pg_stat_activity WHERE pid = $1::int AND query LIKE 'DO %'", {session}) !=
           "active") {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  const pid_t server = postmaster_of(directory.path());
  ASSERT_EQ(::kill(server, SIGKILL), 0);
  wait_until_gone(server);
  ASSERT_TRUE(fs::exists("/proc/" + session)) << "the session is still there";
  cluster.start();
  EXPECT_EQ(connect(cluster).value("SELECT 1"), "1");
  endless.join();
}

TEST(PrivateCluster, LeavesOthersAloneWhoWorkInItsDirectory) {
  const TempDirectory directory;
  const ClusterGuard guard(directory.path());
  PrivateCluster cluster({.data_directory = directory.path()});
  cluster.start();
  const pid_t server = postmaster_of(directory.path());
  const pid_t person = ::fork();
  if (person == 0) {
    if (::chdir((directory.path() / "postgres/cluster").c_str()) == 0) ::execl("/bin/sleep", "sleep", "60", nullptr);
    ::_exit(1);
  }
  // Wait until the child has replaced itself by `sleep`.
  std::error_code error;
  while (fs::read_symlink("/proc/" + std::to_string(person) + "/exe", error).filename() != "sleep") {
    ASSERT_EQ(::waitpid(person, nullptr, WNOHANG), 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_EQ(::kill(server, SIGKILL), 0);
  wait_until_gone(server);
  cluster.start();
  EXPECT_EQ(::waitpid(person, nullptr, WNOHANG), 0) << "the other process was left alone";
  ::kill(person, SIGKILL);
  ::waitpid(person, nullptr, 0);
}

TEST(PrivateCluster, WaitsForAServerThatIsStoppingAndStartsAnother) {
  const TempDirectory directory;
  const ClusterGuard guard(directory.path());
  PrivateCluster cluster({.data_directory = directory.path()});
  cluster.start();
  auto session = std::make_unique<Connection>(connect(cluster));
  const pid_t server = postmaster_of(directory.path());
  ASSERT_EQ(::kill(server, SIGTERM), 0);  // it accepts no more sessions, and stops when the last one ends
  std::thread last([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    session.reset();
    ::waitpid(server, nullptr, 0);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  cluster.start();
  last.join();
  EXPECT_NE(postmaster_of(directory.path()), server);
  EXPECT_EQ(connect(cluster).value("SELECT 1"), "1");
}

TEST(PrivateCluster, IsNotFooledByAnotherProcessWithItsNumber) {
  const TempDirectory directory;
  const ClusterGuard guard(directory.path());
  PrivateCluster cluster({.data_directory = directory.path()});
  cluster.start();
  const fs::path file = directory.path() / "postgres/cluster/postmaster.pid";
  std::string lines((std::istreambuf_iterator<char>(std::ifstream(file).rdbuf())), {});
  cluster.stop();
  // As after a crash in a container, where another process of the same account has got the server's process number.
  const auto account = unprivileged_account();
  const pid_t other =
      start_program({.arguments = {"/bin/sleep", "60"}, .account = account, .log = directory.path() / "sleep"});
  std::ofstream(file) << other << lines.substr(lines.find('\n'));
  if (account) {
    ASSERT_EQ(::chown(file.c_str(), account->user, account->group), 0);
  }
  EXPECT_FALSE(cluster.is_running());
  EXPECT_FALSE(cluster.stop());
  cluster.start();
  EXPECT_EQ(connect(cluster).value("SELECT 1"), "1");
  EXPECT_EQ(::kill(other, 0), 0) << "the other process was left alone";
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
}

TEST(PrivateCluster, IsMadeAgainWhereItsCreationWasCutOff) {
  const TempDirectory directory;
  const ClusterGuard guard(directory.path());
  fs::create_directories(directory.path() / "postgres/cluster.new/base");
  std::ofstream(directory.path() / "postgres/cluster.new/PG_VERSION") << "15\n";
  if (const auto account = unprivileged_account()) {
    ASSERT_EQ(::chown((directory.path() / "postgres").c_str(), account->user, account->group), 0);
  }
  PrivateCluster cluster({.data_directory = directory.path()});
  EXPECT_FALSE(cluster.is_created());
  cluster.start();
  EXPECT_EQ(connect(cluster).value("SELECT 1"), "1");
}

TEST(PrivateCluster, WorksInAPathTooLongForASocketAndFullOfOddCharacters) {
  const TempDirectory directory;
  const fs::path data = directory.path() / (std::string(90, 'x') + " 'q\" $HOME `id` , ;") / "data";
  const ClusterGuard guard(data);
  PrivateCluster cluster({.data_directory = data});
  cluster.start();
  EXPECT_EQ(connect(cluster).value("SELECT 1"), "1");
  EXPECT_TRUE(cluster.stop());
  cluster.start();
  EXPECT_EQ(connect(cluster).value("SELECT 1"), "1");
}

TEST(PrivateCluster, LivesElsewhereWhereItsAccountMayNotEnterTheDataDirectory) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root runs the server as another user";
  const TempDirectory directory;
  const fs::path closed = directory.path() / "closed";
  fs::create_directory(closed);
  fs::permissions(closed, fs::perms(0700));
  const ClusterGuard guard(closed / "data");
  std::vector<std::string> told;
  PrivateCluster cluster(
      {.data_directory = closed / "data", .tell = [&](std::string_view line) { told.emplace_back(line); }});
  cluster.start();
  EXPECT_EQ(connect(cluster).value("SELECT 1"), "1");
  ASSERT_EQ(told.size(), 2U);
  EXPECT_TRUE(contains(told[1], "may not enter")) << told[1];
  const fs::path home = fs::read_symlink(closed / "data/postgres");
  EXPECT_TRUE(contains(home.string(), "/var/lib/stator/")) << home;
  EXPECT_TRUE(PrivateCluster({.data_directory = closed / "data"}).is_running()) << "the next command finds it";
  cluster.stop();
  fs::remove_all(home);
  EXPECT_FALSE(cluster.is_created());
  cluster.start();  // the link points to a directory that is gone
  const fs::path again = fs::read_symlink(closed / "data/postgres");
  cluster.stop();
  fs::remove_all(again);
}

TEST(PrivateCluster, NamesThePackageWhereProgramsAreMissing) {
  const TempDirectory directory;
  PrivateCluster cluster({.data_directory = directory.path(), .programs = "/nonexistent"});
  const Error error = error_of([&] { cluster.start(); });
  EXPECT_TRUE(is_one_line(error.what())) << error.what();
  EXPECT_EQ(error.kind(), ErrorKind::kMissing);
  EXPECT_TRUE(contains(error_of([] { static_cast<void>(PrivateCluster::find_programs(8)); }).what(),
                       "apt-get install postgresql-8"));
}

TEST(PrivateCluster, SaysWhyItsServerDoesNotStart) {
  const TempDirectory directory;
  const ClusterGuard guard(directory.path());
  PrivateCluster cluster({.data_directory = directory.path()});
  cluster.start();
  cluster.stop();
  std::ofstream(directory.path() / "postgres/cluster/postgresql.conf", std::ios::app) << "no_such_setting = 1\n";
  const Error error = error_of([&] { cluster.start(); });
  EXPECT_TRUE(is_one_line(error.what()));
  EXPECT_TRUE(contains(error.what(), "could not be started")) << error.what();
  EXPECT_TRUE(contains(error.what(), "configuration file")) << error.what();
}

TEST(PrivateCluster, GivesUpWaitingForAnotherCommand) {
  const TempDirectory directory;
  const int holder = ::open((directory.path() / "postgres.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(::flock(holder, LOCK_EX), 0);
  PrivateCluster cluster({.data_directory = directory.path(), .patience = std::chrono::seconds(1)});
  EXPECT_TRUE(contains(error_of([&] { cluster.start(); }).what(), "another command"));
  ::close(holder);
}

/// A file system of a few megabytes.
class SmallDisk {
 public:
  SmallDisk(const fs::path& path, const std::string& size) : path_(path) {
    fs::create_directory(path_);
    mounted_ = ::mount("none", path_.c_str(), "tmpfs", 0, ("mode=755,size=" + size).c_str()) == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  [[nodiscard]] bool is_mounted() const { return mounted_; }
  [[nodiscard]] const fs::path& path() const { return path_; }
  void fill(std::uintmax_t but_bytes) const {
    std::ofstream filler(path_ / "filler", std::ios::binary);
    const std::string block(4096, 'x');
    while (filler && fs::space(path_).available > but_bytes) filler << block << std::flush;
  }

 private:
  fs::path path_;
  bool mounted_ = false;
};

TEST(PrivateClusterOnAFullDisk, IsNotCreatedAndSaysSo) {
  const TempDirectory directory;
  const SmallDisk disk(directory.path() / "disk", "20m");
  if (!disk.is_mounted()) GTEST_SKIP() << "a small file system needs the right to mount";
  PrivateCluster cluster({.data_directory = disk.path() / "data"});
  const Error error = error_of([&] { cluster.start(); });
  EXPECT_TRUE(is_one_line(error.what()));
  EXPECT_TRUE(contains(error.what(), "could not be created: no space left on the disk")) << error.what();
  EXPECT_FALSE(cluster.is_created());
  EXPECT_FALSE(fs::exists(disk.path() / "data/postgres/cluster.new")) << "the half that was written is gone";
}

TEST(PrivateClusterOnAFullDisk, FailsTheStatementAndGoesOn) {
  const TempDirectory directory;
  const SmallDisk disk(directory.path() / "disk", "90m");
  if (!disk.is_mounted()) GTEST_SKIP() << "a small file system needs the right to mount";
  const fs::path data = disk.path() / "data";
  const ClusterGuard guard(data);
  PrivateCluster cluster({.data_directory = data});
  cluster.start();
  Connection connection = connect(cluster);
  connection.execute("CREATE TABLE big (a text)");
  disk.fill(1024 * 1024);
  const Error error =
      error_of([&] { connection.execute("INSERT INTO big SELECT repeat('x', 1000) FROM generate_series(1, 5000)"); });
  EXPECT_TRUE(is_one_line(error.what()));
  EXPECT_EQ(error.sqlstate(), "53100") << error.what();
  EXPECT_TRUE(contains(error.what(), "No space left on device")) << error.what();
  EXPECT_EQ(connection.value("SELECT count(*) FROM big"), "0");
}

TEST(RunProgram, KillsWhatTakesTooLongAndSaysWhatCannotBeRun) {
  EXPECT_EQ(error_of([] {
              run_program({.arguments = {"/bin/sleep", "60"}}, std::chrono::seconds(1));
            }).kind(),
            ErrorKind::kTimeout);
  EXPECT_EQ(error_of([] { run_program({.arguments = {"/nonexistent"}}, std::chrono::seconds(1)); }).kind(),
            ErrorKind::kMissing);
  const CommandResult result =
      run_program({.arguments = {"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}}, std::chrono::seconds(10));
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_EQ(result.output, "out\nerr\n");
}

}  // namespace
}  // namespace stator::postgres
