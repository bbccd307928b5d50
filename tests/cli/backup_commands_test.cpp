#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "cli/command_line.h"

/// stator backups, ddb backup, delete-backup, restore and recovery, on the shop model.
namespace stator::cli {
namespace {

namespace fs = std::filesystem;

const fs::path kProject = STATOR_SOURCE_DIR;

class BackupCommands : public CommandTest {
 protected:
  BackupCommands() {
    EXPECT_EQ(stator({"ddb", "schema-load"}).code, 0);
    EXPECT_EQ(stator({"ddb", "seed"}).code, 0);
  }
  Outcome stator(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"--data", path("data"), "--models", (kProject / "tests" / "cli" / "models").string()});
    return run_line(arguments);
  }
  /// The output of a command that must succeed.
  std::string out(const std::vector<std::string>& arguments) {
    const Outcome outcome = stator(arguments);
    EXPECT_EQ(outcome.code, 0) << ::testing::PrintToString(arguments) << outcome.err;
    return outcome.out;
  }
  /// The single line with which a command fails.
  std::string failure(const std::vector<std::string>& arguments, int code = 1) {
    const Outcome outcome = stator(arguments);
    EXPECT_EQ(outcome.code, code) << ::testing::PrintToString(arguments) << outcome.out;
    return outcome.err;
  }
};

TEST_F(BackupCommands, MakeListRestoreAndDelete) {
  EXPECT_NE(stator({"backups"}).err.find("no backups ("), std::string::npos);
  const std::string before = out({"query", "shop", "ann", "-q"});
  const std::string arn = out({"ddb", "backup", "shop", "monday"});
  EXPECT_EQ(arn.rfind("arn:aws:dynamodb:", 0), 0U) << arn;
  EXPECT_NE(stator({"ddb", "backup", "shop"}).err.find("backup of shop, "), std::string::npos);
  const std::string listed = out({"backups", "shop"});
  EXPECT_NE(listed.find("monday"), std::string::npos) << listed;
  EXPECT_NE(listed.find(arn.substr(arn.rfind('/') + 1, 20)), std::string::npos) << listed;
  EXPECT_NE(out({"backups", "--output", "json"}).find("\"name\": \"monday\""), std::string::npos);
  out({"delete", "shop", "ann", "1001"});

  const Outcome restored = stator({"ddb", "restore", "monday", "again"});
  EXPECT_EQ(restored.code, 0) << restored.err;
  EXPECT_NE(restored.err.find("restored again, "), std::string::npos) << restored.err;
  EXPECT_EQ(out({"query", "again", "ann", "-q"}), before);
  EXPECT_EQ(out({"query", "again", "ann", "--index", "by-worth", "-q", "--attributes", "order_id"}).empty(), false);
  EXPECT_NE(failure({"ddb", "restore", "monday", "again"}).find("Table already exists: again"), std::string::npos);

  out({"ddb", "delete-backup", "monday"});
  EXPECT_EQ(out({"backups"}).find("monday"), std::string::npos);
  EXPECT_NE(failure({"ddb", "delete-backup", "monday"}).find("there is no backup monday"), std::string::npos);
}

TEST_F(BackupCommands, AskWhichWhereANameIsNotEnough) {
  out({"ddb", "backup", "shop", "same"});
  const std::string second = out({"ddb", "backup", "shop", "same"});
  EXPECT_NE(failure({"ddb", "restore", "same", "again"}).find("several backups are called same: say which, "),
            std::string::npos);
  const std::string id = second.substr(second.rfind('/') + 1);
  out({"ddb", "restore", id.substr(0, id.size() - 1), "again"});
}

TEST_F(BackupCommands, RestoreATablesPast) {
  EXPECT_NE(out({"ddb", "recovery", "shop"}).find("cannot be restored to a point in time"), std::string::npos);
  EXPECT_NE(failure({"ddb", "restore", "shop", "again", "--latest"}).find("Point in time recovery is not enabled"),
            std::string::npos);
  EXPECT_NE(out({"ddb", "recovery", "shop", "--days", "7"}).find("at most 7 days back"), std::string::npos);
  const std::string before = out({"query", "shop", "ann", "-q"});
  out({"ddb", "restore", "shop", "again", "--latest"});
  EXPECT_EQ(out({"query", "again", "ann", "-q"}), before);
  EXPECT_NE(failure({"ddb", "restore", "shop", "early", "--at", "2020-01-01"}).find("InvalidRestoreTimeException"),
            std::string::npos);
  EXPECT_EQ(failure({"ddb", "restore", "shop", "early", "--at", "yesterday"}, 2),
            "stator: --at yesterday is not a time such as 2026-11-25T10:00:00Z\n");
  EXPECT_EQ(stator({"ddb", "restore", "shop", "early", "--at", "2020-01-01", "--latest"}).code, 2);
  EXPECT_NE(out({"ddb", "recovery", "shop", "--off"}).find("cannot be restored"), std::string::npos);
}

TEST_F(BackupCommands, WriteNothingWhereNothingMayBeWritten) {
  EXPECT_NE(failure({"--read-only", "ddb", "backup", "shop"}).find("--read-only"), std::string::npos);
  EXPECT_NE(stator({"backups"}).err.find("no backups ("), std::string::npos);
}

}  // namespace
}  // namespace stator::cli
