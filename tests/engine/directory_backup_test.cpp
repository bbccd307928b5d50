#include "engine/backup/directory_backup.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>

#include "engine/bucket/folder_buckets.h"
#include "engine/support.h"
#include "store/checkpoint.h"

/// Backups of directories whose snapshots change while they are copied. Tests of the commands:
/// tests/cli/directory_backup_test.cpp.
namespace stator::engine {
namespace {

namespace fs = std::filesystem;

/// Contents by path.
using Files = std::map<std::string, std::string>;

void write_checkpoint(const fs::path& folder, const std::string& version) {
  fs::create_directories(folder / "store");
  for (const char* name : {"store/000001.sst", "store/CURRENT", "store/MANIFEST-000002", "FILES", "STATOR"}) {
    std::ofstream(folder / name) << version << name;
  }
}

Files files_of(const std::string& version, const std::string& prefix = "") {
  Files files;
  for (const char* name : {"store/000001.sst", "store/CURRENT", "store/MANIFEST-000002", "FILES", "STATOR"}) {
    files[prefix + name] = version + name;
  }
  return files;
}

Files with(Files files, const Files& others) {
  files.insert(others.begin(), others.end());
  return files;
}

class DirectoryBackup : public ::testing::Test {
 protected:
  DirectoryBackup() {
    fs::create_directories(folder_.path() / "place");
    bucket_ = buckets_.bucket("place", "");
    write_checkpoint(state(), "first ");
  }
  [[nodiscard]] fs::path data() const { return folder_.path() / "data"; }
  [[nodiscard]] fs::path state() const { return data() / "snapshots" / "state"; }

  /// Replaces a checkpoint in the same way as a snapshot that is settled or saved again.
  static void replace(const fs::path& checkpoint, const std::string& version) {
    const fs::path draft = checkpoint.parent_path() / ".draft";
    write_checkpoint(draft, version);
    ASSERT_TRUE(store::exchange_checkpoints(draft, checkpoint));
    store::delete_checkpoint(draft);
  }

  /// Backs up the directory and restores it; calls `meanwhile` before each file and at the end of the backup. Returns
  /// the restored files.
  Files back_up(const std::function<void(int call)>& meanwhile) {
    DirectoryBackups backups(*bucket_, "");
    int calls = 0;
    const BackupProgress progress = [&](std::uint64_t done, std::uint64_t total) {
      EXPECT_LE(done, total);
      meanwhile(calls++);
    };
    const std::string id = backups.make(data(), state(), 1'700'000'000'000 + ++time_ms_, progress).id;
    const fs::path target = folder_.path() / "restored";
    backups.restore(id, target, [](std::uint64_t /*done*/, std::uint64_t /*total*/) {});
    Files files;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(target)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path());
      files[entry.path().lexically_relative(target).generic_string()] =
          std::string(std::istreambuf_iterator<char>(in), {});
    }
    fs::remove_all(target);
    return files;
  }

  TemporaryDirectory folder_;
  FolderBuckets buckets_{folder_.path()};
  std::unique_ptr<Bucket> bucket_;
  std::int64_t time_ms_ = 0;
};

TEST_F(DirectoryBackup, OfASnapshotThatIsReplacedAnywhereHasTheFilesOfOne) {
  constexpr int kFiles = 5;
  for (int when = 0; when < kFiles; ++when) {
    const std::string version = "version " + std::to_string(when) + " ";
    const Files found = back_up([&](int call) {
      if (call == when) replace(state(), version);
    });
    EXPECT_EQ(found, files_of(version)) << when;
  }
  const Files found = back_up([&](int call) {
    if (call == kFiles) replace(state(), "later ");
  });
  EXPECT_EQ(found, files_of("later ")) << "it was found to be removed at the end";
}

TEST_F(DirectoryBackup, LeavesOutOthersThatGoOrNeverStay) {
  write_checkpoint(data() / "snapshots" / "other", "other ");
  write_checkpoint(data() / "backups" / "b", "backup ");
  const Files both = with(files_of("first "), files_of("backup ", "backups/b/"));
  EXPECT_EQ(back_up([](int /*call*/) {}), with(both, files_of("other ", "snapshots/other/")));
  int version = 0;
  EXPECT_EQ(back_up([&](int /*call*/) { replace(data() / "snapshots" / "other", std::to_string(++version)); }), both);
  EXPECT_EQ(back_up([&](int call) {
              if (call != 11) return;
              store::delete_checkpoint(data() / "snapshots" / "other");
              store::delete_checkpoint(data() / "backups" / "b");
            }).size(),
            10U)
      << "one of them was whole already, of the other one file";
}

TEST_F(DirectoryBackup, LeavesOutWhatIsNotInItsPlaceYet) {
  write_checkpoint(data() / "snapshots" / ".unfinished", "draft ");
  fs::create_directories(data() / "snapshots" / "removed in part" / "store");
  EXPECT_EQ(back_up([](int /*call*/) {}), files_of("first "));
}

TEST_F(DirectoryBackup, FailsWhereItsOwnSnapshotGoes) {
  EXPECT_THROW(back_up([&](int call) {
                 if (call == 2) store::delete_checkpoint(state());
               }),
               DirectoryBackupError);
}

}  // namespace
}  // namespace stator::engine
