#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "cli/command_line.h"
#include "support/temporary_directory.h"

namespace stator::cli {
namespace {

namespace fs = std::filesystem;

/// While this object exists, no file can grow beyond a size, as on a full disk.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t most_bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit small = before_;
    small.rlim_cur = most_bytes;
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;

 private:
  rlimit before_{};
};

TEST(DirectoryCommands, CheckAndRepairSayWhatTheyFoundAndSaved) {
  const TemporaryDirectory directory;
  const fs::path project = STATOR_SOURCE_DIR;
  const std::string data = (directory.path() / "data").string();
  const std::string repaired = (directory.path() / "repaired").string();
  ASSERT_EQ(run_line({"--data", data, "--models", (project / "models").string(), "ddb", "schema-load"}).code, 0);

  Outcome outcome = run_line({"check", data});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("table cruddur-messages: 0 items, 0 bytes, "), std::string::npos) << outcome.out;
  EXPECT_TRUE(outcome.out.ends_with(data + " is sound\n")) << outcome.out;

  fs::remove(fs::path(data) / "store" / "CURRENT");
  outcome = run_line({"check", data});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.out.find("damage: "), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.err,
            "stator: " + data + " is damaged; stator repair " + data + " --to NEW saves what can be read\n");

  outcome = run_line({"repair", data, "--to", repaired});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("table cruddur-messages: 0 items saved\n"), std::string::npos) << outcome.out;
  EXPECT_EQ(run_line({"check", repaired}).code, 0);

  const std::string incomplete = (directory.path() / "incomplete").string();
  for (const auto& entry : fs::directory_iterator(fs::path(data) / "store")) {
    if (entry.path().extension() == ".sst") fs::remove(entry.path());
  }
  outcome = run_line({"repair", data, "--to", incomplete});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "stator: not everything could be saved; what could be is in " + incomplete + "\n");
  EXPECT_EQ(run_line({"check", incomplete}).code, 0);

  EXPECT_EQ(run_line({"repair", data, "--to", repaired}).code, 1) << "not a new directory";
  EXPECT_EQ(run_line({"check", (directory.path() / "missing").string()}).code, 1);
  EXPECT_EQ(run_line({"repair", data}).code, 2);
}

TEST(DirectoryCommands, CheckReadsTheBackups) {
  const TemporaryDirectory directory;
  const std::string data = (directory.path() / "data").string();
  ASSERT_EQ(run_line({"create", "shop", "pk", "--data", data}).code, 0);
  ASSERT_EQ(run_line({"ddb", "backup", "shop", "--data", data}).code, 0);
  fs::path backup;
  for (const auto& entry : fs::directory_iterator(fs::path(data) / "backups")) backup = entry.path();
  const std::string table = "table shop: 0 items, 0 bytes, 0 indexes\n";
  const std::string name = "backup " + backup.filename().string() + " of table shop";
  Outcome outcome = run_line({"check", data});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, table + name + "\n  " + table + data + " is sound\n");

  fs::remove_all(backup / "store");
  outcome = run_line({"check", data});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.out.find("damage: " + name + ": "), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.err, "stator: " + data + " is sound but for its backups or snapshots; stator repair " + data +
                             "/backups/ID --to NEW (or " + data + "/snapshots/NAME) saves what can be read of one\n");
}

TEST(DirectoryCommands, NobodyOpensWhatARepairDidNotFinish) {
  const TemporaryDirectory directory;
  const std::string data = (directory.path() / "data").string();
  const std::string repaired = (directory.path() / "repaired").string();
  ASSERT_EQ(run_line({"create", "shop", "pk", "--data", data}).code, 0);
  std::string lines;
  for (int n = 0; n < 2000; ++n)
    lines += R"({"pk":")" + std::to_string(n) + R"(","text":")" + std::string(500, 'x') + "\"}\n";
  ASSERT_EQ(run_line({"import", "shop", "--data", data}, lines).code, 0);
  {
    const SmallFiles limit(200'000);
    EXPECT_EQ(run_line({"repair", data, "--to", repaired}).code, 1);
  }
  for (const char* command : {"tables", "count"}) {
    const Outcome outcome = std::string(command) == "count" ? run_line({"count", "shop", "--data", repaired})
                                                            : run_line({"tables", "--data", repaired});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.err, "stator: data directory " + repaired +
                               " is unfinished: the repair that was to make it was ended; remove it and begin again\n");
  }
  EXPECT_EQ(run_line({"check", repaired}).code, 1);
  EXPECT_EQ(run_line({"repair", data, "--to", repaired}).err,
            "stator: " + repaired + " is what a repair left that was ended; remove it first\n");
  fs::remove_all(repaired);
  EXPECT_EQ(run_line({"repair", data, "--to", repaired}).code, 0);
  EXPECT_EQ(run_line({"count", "shop", "--data", repaired, "-q"}).out, "2000\n");
}

TEST(DirectoryCommands, ASnapshotIsDroppedOnAFullDisk) {
  const TemporaryDirectory directory;
  const std::string data = (directory.path() / "data").string();
  ASSERT_EQ(run_line({"create", "shop", "pk", "--data", data}).code, 0);
  ASSERT_EQ(run_line({"snapshot", "save", "before", "--data", data}).code, 0);
  const auto drop = [&] {
    const SmallFiles none(0);
    return run_line({"snapshot", "drop", "before", "--data", data});
  };
  Outcome outcome = drop();
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "dropped before\n");
  EXPECT_EQ(run_line({"snapshot", "list", "--data", data}).err, "no snapshots\n");
  outcome = drop();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("There is no snapshot of that name"), std::string::npos) << outcome.err;
  EXPECT_EQ(run_line({"count", "shop", "--data", data, "-q"}).out, "0\n");
}

}  // namespace
}  // namespace stator::cli
