#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "cli/command_line.h"
#include "engine/engine.h"

/// stator backup, stator restore.
namespace stator::cli {
namespace {

namespace fs = std::filesystem;

class DirectoryBackup : public CommandTest {
 protected:
  DirectoryBackup() {
    const std::string models = std::string(STATOR_SOURCE_DIR) + "/models";
    EXPECT_EQ(stator({"ddb", "schema-load", "--model", "shop", "--models", models}).code, 0);
    EXPECT_EQ(stator({"ddb", "seed", "--model", "shop", "--models", models}).code, 0);
  }
  Outcome stator(std::vector<std::string> arguments) {
    if (std::ranges::find(arguments, "--data") == arguments.end()) {
      arguments.insert(arguments.begin(), {"--data", path("data")});
    }
    return run_line(arguments);
  }
  /// A sorted set, as an export has no order.
  std::set<std::string> items(const std::string& data) {
    std::istringstream lines(stator({"export", "shop", "--data", path(data), "--format", "ddb-json", "--quiet"}).out);
    std::set<std::string> items;
    for (std::string line; std::getline(lines, line);) items.insert(line);
    return items;
  }
  /// Makes a backup and returns its id.
  std::string back_up(std::vector<std::string> further = {}) {
    std::vector<std::string> arguments = {"backup", path("place")};
    arguments.insert(arguments.end(), further.begin(), further.end());
    const Outcome made = stator(arguments);
    EXPECT_EQ(made.code, 0) << made.err;
    return made.out.substr(0, made.out.find('\n'));
  }
  std::size_t files_in(const std::string& name) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path(name)), fs::directory_iterator()));
  }
};

TEST_F(DirectoryBackup, ARestoredDirectoryIsTheOneThatWasBackedUp) {
  ASSERT_EQ(stator({"ddb", "backup", "shop", "of-the-table"}).code, 0);
  ASSERT_EQ(stator({"snapshot", "save", "saved"}).code, 0);
  const std::set<std::string> before = items("data");
  const std::string first = back_up();
  ASSERT_EQ(stator({"delete", "shop", "CUSTOMER#ann", "PROFILE"}).code, 0);
  const std::string second = back_up();
  EXPECT_NE(first, second);
  EXPECT_EQ(stator({"restore", path("place"), first, "--data", path("old")}).code, 0);
  EXPECT_EQ(stator({"restore", path("place"), "--data", path("new")}).code, 0);
  EXPECT_EQ(items("old"), before);
  EXPECT_EQ(items("new"), items("data"));
  EXPECT_NE(items("new"), before);
  for (const char* data : {"old", "new"}) {
    EXPECT_EQ(stator({"check", path(data)}).code, 0);
    EXPECT_NE(stator({"backups", "--data", path(data)}).out.find("of-the-table"), std::string::npos);
    const std::string snapshots = stator({"snapshot", "list", "--output", "json", "--data", path(data)}).out;
    EXPECT_NE(snapshots.find("\"saved\""), std::string::npos);
    EXPECT_EQ(snapshots.find("stator-backup"), std::string::npos);
    EXPECT_EQ(fs::status(path(data)).permissions(), fs::perms::owner_all);
  }
  EXPECT_EQ(stator({"snapshot", "list", "--output", "json"}).out.find("stator-backup"), std::string::npos);
}

TEST_F(DirectoryBackup, WhoHoldsTheDirectoryIsWaitedFor) {
  const std::vector<std::vector<std::string>> commands = {
      {"snapshot", "save", "one"}, {"snapshot", "list"}, {"backup", path("place")}, {"snapshot", "restore", "one"}};
  for (const auto& command : commands) {
    engine::Options options;
    options.directory = path("data");
    auto holder = engine::Engine::open(options);
    std::thread leaving([&holder] {
      std::this_thread::sleep_for(std::chrono::milliseconds(600));
      holder.reset();
    });
    const Outcome outcome = stator(command);
    leaving.join();
    EXPECT_EQ(outcome.code, 0) << outcome.err;
  }
}

TEST_F(DirectoryBackup, AListOfSnapshotsIsOnlyRead) {
  ASSERT_EQ(stator({"snapshot", "save", "one"}).code, 0);
  // A directory that does not exist has no snapshots.
  const Outcome none = stator({"snapshot", "list", "--data", path("nowhere")});
  EXPECT_EQ(none.code, 0);
  EXPECT_EQ(none.err, "no snapshots\n");
  EXPECT_FALSE(fs::exists(path("nowhere")));
  EXPECT_EQ(stator({"snapshot", "drop", "one", "--data", path("nowhere")}).code, 1);
  const auto files = [&] {
    std::set<std::pair<std::string, fs::file_time_type>> all;
    for (const auto& entry : fs::recursive_directory_iterator(path("data")))
      all.emplace(entry.path().string(), entry.last_write_time());
    return all;
  };
  const auto before = files();
  EXPECT_NE(stator({"snapshot", "list"}).out.find("one"), std::string::npos);
  EXPECT_EQ(files(), before);
}

TEST_F(DirectoryBackup, AFileIsCopiedOnceAndKeptAsLongAsABackupNeedsIt) {
  back_up();
  const Outcome again = stator({"backup", path("place")});
  ASSERT_EQ(again.code, 0) << again.err;
  int copied = 0;
  int all = 0;
  const std::size_t figures = again.err.find(": ", again.err.find(" in "));
  ASSERT_EQ(std::sscanf(again.err.c_str() + figures, ": %d files of %d copied", &copied, &all), 2) << again.err;
  EXPECT_LT(copied, all);
  const std::size_t files = files_in("place/files");
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(stator({"put", "shop", R"({"pk":"CUSTOMER#n)" + std::to_string(i) + R"(","sk":"PROFILE"})"}).code, 0);
    back_up();
  }
  EXPECT_EQ(files_in("place/backups"), 5U);
  EXPECT_GT(files_in("place/files"), files);
  const std::string last = back_up({"--keep", "1"});
  EXPECT_EQ(files_in("place/backups"), 1U);
  const Outcome listed = stator({"backup", path("place"), "--list"});
  EXPECT_NE(listed.out.find(last), std::string::npos) << listed.out;
  EXPECT_EQ(stator({"restore", path("place"), "--data", path("restored")}).code, 0);
  EXPECT_EQ(items("restored"), items("data"));
}

TEST_F(DirectoryBackup, DirectoriesInOnePlaceAreKeptApart) {
  const std::string models = std::string(STATOR_SOURCE_DIR) + "/models";
  ASSERT_EQ(stator({"ddb", "schema-load", "--model", "shop", "--models", models, "--data", path("other")}).code, 0);
  back_up();
  const std::string of_data = back_up();
  // The same directory, written differently.
  back_up({"--data", path("other") + "/"});
  const std::string of_other = back_up({"--data", path("place") + "/../other", "--keep", "1"});
  EXPECT_EQ(files_in("place/backups"), 3U) << "of the other directory one, of the first one both";

  const Outcome which = stator({"restore", path("place"), "--data", path("new")});
  EXPECT_EQ(which.code, 1);
  EXPECT_EQ(which.err, "stator: these are backups of 2 directories; say the ID of one (the last: " + of_data + " of " +
                           path("data") + ", " + of_other + " of " + path("other") + ")\n");
  EXPECT_FALSE(fs::exists(path("new")));
  EXPECT_EQ(stator({"restore", path("place"), of_data, "--data", path("new")}).code, 0);
  EXPECT_EQ(items("new"), items("data"));
  // Restores the last backup of the directory that was lost.
  const std::set<std::string> before = items("data");
  fs::remove_all(path("data"));
  EXPECT_EQ(stator({"restore", path("place")}).code, 0);
  EXPECT_EQ(items("data"), before);
}

TEST_F(DirectoryBackup, WhatAnInterruptedBackupLeftAtAnyStepIsRemoved) {
  fs::create_directories(path("place"));
  std::ofstream(path("place/stator-backups.json.new")) << "{";
  back_up();
  EXPECT_FALSE(fs::exists(path("place/stator-backups.json.new")));
  std::ofstream(path("place/backups/20261126T101500.250Z.json.new")) << "{";
  std::ofstream(path("place/files/0123456789abcdef0123456789abcdef")) << "a half";
  EXPECT_EQ(stator({"backup", path("place"), "--list"}).code, 0);
  back_up();
  EXPECT_EQ(files_in("place/backups"), 2U);
  EXPECT_FALSE(fs::exists(path("place/files/0123456789abcdef0123456789abcdef")));
}

TEST_F(DirectoryBackup, DamageIsFound) {
  const std::string id = back_up();
  for (const fs::directory_entry& entry : fs::directory_iterator(path("place/files"))) {
    if (entry.file_size() == 0) continue;
    std::fstream file(entry.path(), std::ios::binary | std::ios::in | std::ios::out);
    const int byte = file.get();
    file.seekp(0);
    file.put(static_cast<char>(byte ^ 1));
  }
  const Outcome restored = stator({"restore", path("place"), "--data", path("restored")});
  EXPECT_EQ(restored.code, 1);
  EXPECT_NE(restored.err.find("is damaged"), std::string::npos) << restored.err;
  EXPECT_FALSE(fs::exists(path("restored")));
  std::ofstream(path("place/backups/" + id + ".json")) << "{";
  EXPECT_NE(stator({"backup", path("place"), "--list"}).err.find("is damaged"), std::string::npos);
}

TEST_F(DirectoryBackup, SaysWhatIsWrong) {
  back_up();
  fs::create_directories(path("foreign"));
  std::ofstream(path("foreign/notes.txt")) << "mine";
  fs::create_directories(path("empty"));
  struct Row {
    std::vector<std::string> words;
    int code;
    std::string says;
  };
  const Row rows[] = {
      {{"backup", path("foreign")}, 1, "holds something else than backups: notes.txt"},
      {{"backup", path("place"), "--data", path("absent")}, 1, "absent"},
      {{"backup", path("absent"), "--list"}, 1, "there is no folder"},
      {{"backup", path("place"), "--list", "--keep", "2"}, 2, "--keep"},
      {{"backup", path("place"), "--keep", "0"}, 2, "--keep"},
      {{"backup", "s3://"}, 2, "names no bucket"},
      {{"backup", path("place"), "prod"}, 2, "these are backups of data directories"},
      {{"backup"}, 2, "PLACE"},
      {{"backup", "gs://x/y"}, 2, "gs://x/y: backups are in a folder, or at s3://BUCKET/PREFIX"},
      {{"backup", "S3://x/y", "--dry-run"}, 2, "S3://x/y: backups are in a folder, or at"},
      {{"backup", "s3:/x/y"}, 2, "s3:/x/y: backups are in a folder, or at"},
      {{"backup", "file:///x", "--list"}, 2, "file:///x: backups are in a folder, or at"},
      {{"restore", "file:///x"}, 2, "file:///x: backups are in a folder, or at"},
      {{"backup", path("place"), "--data", "s3://x"}, 2, "--data (or STATOR_DATA) takes a folder, not s3://x"},
      {{"backup", path("data/x")}, 2, "data/x is in " + path("data") + ", which is to be backed up"},
      {{"backup", path("data/../data") + "/"}, 2, "data/ is in " + path("data") + ", which is to be backed up"},
      {{"--read-only", "backup", path("place"), "--keep", "1"}, 1, "--read-only refuses to make a backup"},
      {{"restore", path("place")}, 1, "is not empty"},
      {{"restore", path("place"), "nothing", "--data", path("new")}, 1, "there is no backup nothing; the last one is"},
      {{"restore", path("empty"), "--data", path("new")}, 1, "there is no backup"},
      {{"restore", path("absent"), "--data", path("new")}, 1, "there is no folder"},
      {{"--read-only", "restore", path("place"), "--data", path("new")}, 1, "--read-only"},
  };
  for (const Row& row : rows) {
    const Outcome outcome = stator(row.words);
    EXPECT_EQ(outcome.code, row.code) << row.says << "\n" << outcome.err;
    EXPECT_NE(outcome.err.find(row.says), std::string::npos) << outcome.err;
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
  }
  EXPECT_FALSE(fs::exists(path("new")));
  EXPECT_TRUE(fs::is_empty(path("empty")));
  EXPECT_FALSE(fs::exists(path("foreign/LOCK")));
  EXPECT_FALSE(fs::exists(path("data/x")));
  EXPECT_EQ(files_in("place/backups"), 1U);
  EXPECT_EQ(stator({"--read-only", "backup", path("place"), "--list"}).code, 0);
  EXPECT_EQ(stator({"--dry-run", "backup", path("dry")}).out,
            "would back up " + path("data") + " to " + path("dry") + "\n");
  EXPECT_FALSE(fs::exists(path("dry")));
}

TEST_F(DirectoryBackup, OneCommandAtATimeChangesAPlace) {
  back_up();
  const int other = ::open(path("place/LOCK").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  const Outcome refused = stator({"backup", path("place")});
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find("another command is changing the backups"), std::string::npos) << refused.err;
  EXPECT_EQ(stator({"backup", path("place"), "--list"}).code, 0);
  EXPECT_EQ(stator({"restore", path("place"), "--data", path("restored")}).code, 0);
  ::close(other);
  EXPECT_EQ(stator({"backup", path("place")}).code, 0);
}

TEST_F(DirectoryBackup, ADirectoryInTheWayIsLeftAlone) {
  back_up();
  fs::create_directories(path("new.restoring"));
  std::ofstream(path("new.restoring/notes.txt")) << "mine";
  const Outcome outcome = stator({"restore", path("place"), "--data", path("new")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("is in the way"), std::string::npos) << outcome.err;
  EXPECT_TRUE(fs::exists(path("new.restoring/notes.txt")));
}

TEST_F(DirectoryBackup, WhatAnInterruptedRestoreLeftAtAnyStepIsReplaced) {
  back_up();
  for (const char* left : {"", "RESTORING.new", "RESTORING", "RESTORING.new RESTORING", "RESTORING data/STATOR"}) {
    fs::create_directories(path("new.restoring/data"));
    if (std::string(left).find("data") == std::string::npos) fs::remove(path("new.restoring/data"));
    std::istringstream names(left);
    for (std::string name; names >> name;) std::ofstream(path("new.restoring/" + name)) << "";
    const Outcome outcome = stator({"restore", path("place"), "--data", path("new")});
    EXPECT_EQ(outcome.code, 0) << left << ": " << outcome.err;
    EXPECT_FALSE(fs::exists(path("new.restoring"))) << left;
    fs::remove_all(path("new"));
  }
}

}  // namespace
}  // namespace stator::cli
