#include "store/marker.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "store/data_directory.h"
#include "store/small_file.h"
#include "store/store.h"
#include "support/temporary_directory.h"

namespace stator::store {
namespace {

namespace fs = std::filesystem;

std::string why_damaged(std::string_view text) {
  try {
    parse_marker(text);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(Marker, WithoutFeaturesIsTheLineOfFormat1) {
  EXPECT_EQ(marker_text(Marker{}), "stator format 1\n");
  EXPECT_EQ(parse_marker("stator format 1\n").format, 1);
  EXPECT_EQ(parse_marker("stator format 1").format, 1);
}

TEST(Marker, NamesItsFeatures) {
  Marker marker;
  EXPECT_FALSE(marker.names(Feature::kFileList));
  marker.add(Feature::kFileList);
  const std::string text = marker_text(marker);
  EXPECT_TRUE(text.starts_with("stator format 2\nwrite: file-list\nchecksum: ")) << text;
  EXPECT_TRUE(parse_marker(text).names(Feature::kFileList));
  EXPECT_EQ(marker_text(parse_marker(text)), text);
}

TEST(Marker, KeepsWhatItDoesNotKnow) {
  Marker later;
  later.format = 2;
  later.needed_to_write = {"zones"};
  later.other_lines = {"made-by: a later version"};
  Marker marker = parse_marker(marker_text(later));
  marker.add(Feature::kFileList);
  const Marker read = parse_marker(marker_text(marker));
  EXPECT_EQ(read.needed_to_write, (std::vector<std::string>{"file-list", "zones"}));
  EXPECT_EQ(read.other_lines, later.other_lines);
}

TEST(Marker, EveryFlippedBitAndEveryCutIsNoticed) {
  for (const int format : {1, 2}) {
    Marker marker;
    if (format == 2) marker.add(Feature::kFileList);
    marker.other_lines = {"x"};
    const std::string text = marker_text(marker);
    for (std::size_t i = 0; i < text.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string flipped = text;
        flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
        if (why_damaged(flipped).empty()) {
          EXPECT_GT(parse_marker(flipped).format, kLastFormat) << "byte " << i << ", bit " << bit;
        }
      }
      // In format 1 a marker without its last line break is valid.
      if (format == 1 && i + 1 == text.size()) continue;
      EXPECT_NE(why_damaged(text.substr(0, i)), "") << "cut at " << i;
    }
  }
}

/// Returns the one line with which opening fails, or "".
std::string open_error(const fs::path& path, Access access) {
  try {
    const DataDirectory directory(path, access);
  } catch (const OpenError& error) {
    return error.what();
  }
  return "";
}

TEST(DataDirectory, RefusesWhatNeedsFeaturesItDoesNotKnow) {
  const TemporaryDirectory directory;
  const auto write = [&](const std::vector<std::string>& to_read, const std::vector<std::string>& to_write) {
    Marker marker;
    marker.format = 2;
    marker.needed_to_read = to_read;
    marker.needed_to_write = to_write;
    std::ofstream(directory.path() / "STATOR") << marker_text(marker);
  };
  const std::string prefix = "data directory " + directory.path().string();
  write({"streams"}, {});
  for (const Access access : {Access::kReadOnly, Access::kReadWrite, Access::kCreate}) {
    EXPECT_EQ(open_error(directory.path(), access),
              prefix + " needs \"streams\" to be read, which this version of Stator does not know");
  }
  write({}, {"file-list", "zones"});
  EXPECT_EQ(open_error(directory.path(), Access::kReadOnly), "");
  EXPECT_EQ(open_error(directory.path(), Access::kCreate),
            prefix + " needs \"zones\" to be written, which this version of Stator does not know; it can be read only");
  std::ofstream(directory.path() / "STATOR") << "stator format 3\nanything at all";
  EXPECT_EQ(open_error(directory.path(), Access::kCreate),
            prefix + " has format 3; this version of Stator reads formats 1 to 2");
}

TEST(DataDirectory, NamesAFeatureForGood) {
  const TemporaryDirectory root;
  const fs::path path = root.path() / "data";
  {
    DataDirectory directory(path, Access::kCreate);
    directory.require(Feature::kFileList);
    directory.require(Feature::kFileList);
    EXPECT_TRUE(directory.needs(Feature::kFileList));
  }
  EXPECT_TRUE(DataDirectory(path, Access::kReadOnly).needs(Feature::kFileList));
  EXPECT_FALSE(fs::exists(path / "STATOR.new"));
}

TEST(DataDirectory, AStoreWithoutItsMarkerIsDamaged) {
  const TemporaryDirectory root;
  Options options;
  options.directory = root.path();
  Store::open(options).reset();
  fs::remove(root.path() / "STATOR");
  EXPECT_EQ(open_error(root.path(), Access::kCreate),
            "data directory " + root.path().string() + " is damaged: the file STATOR is missing");
}

TEST(DataDirectory, ReadingChangesAndCreatesNothing) {
  const TemporaryDirectory root;
  EXPECT_NE(open_error(root.path() / "missing", Access::kReadOnly), "");
  EXPECT_NE(open_error(root.path(), Access::kReadOnly), "");
  EXPECT_TRUE(fs::is_empty(root.path()));
}

TEST(DataDirectory, SeveralMayReadAndOneMayWrite) {
  const TemporaryDirectory root;
  const fs::path path = root.path() / "data";
  { const DataDirectory created(path, Access::kCreate); }
  const DataDirectory first(path, Access::kReadOnly);
  EXPECT_EQ(open_error(path, Access::kReadOnly), "");
  EXPECT_NE(open_error(path, Access::kReadWrite), "");
}

mode_t mode(const fs::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

TEST(DataDirectory, IsItsOwnersAlone) {
  const TemporaryDirectory root;
  Options options;
  options.directory = root.path() / "data";
  {
    const auto store = Store::open(options);
    Batch batch;
    batch.put("a", "1");
    store->write(batch);
    store->require(Feature::kFileList);
  }
  EXPECT_EQ(mode(options.directory), 0700U);
  for (const auto& entry : fs::recursive_directory_iterator(options.directory)) {
    EXPECT_EQ(mode(entry.path()), entry.is_directory() ? 0700U : 0600U) << entry.path();
  }
}

TEST(DataDirectory, OneThatWasOpenToOthersIsClosedToThemAndTold) {
  const TemporaryDirectory root;
  const fs::path path = root.path() / "data";
  { const DataDirectory created(path, Access::kCreate); }
  fs::permissions(path, fs::perms(0755));
  fs::permissions(path / "store", fs::perms(0777));
  std::vector<std::string> lines;
  const DataDirectory directory(path, Access::kReadWrite,
                                [&](core::LogLevel, std::string_view line) { lines.emplace_back(line); });
  EXPECT_EQ(mode(path), 0700U);
  EXPECT_EQ(mode(path / "store"), 0700U);
  EXPECT_EQ(lines, std::vector<std::string>{path.string() + " was open to other users; it is now its owner's alone"});
}

TEST(DataDirectory, LetsAnotherUsersPostgresPassThroughButNotLook) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  const TemporaryDirectory root;
  const fs::path path = root.path() / "data";
  { const DataDirectory created(path, Access::kCreate); }
  fs::create_directory(path / "postgres");
  ASSERT_EQ(::chown((path / "postgres").c_str(), 12345, 12345), 0);
  fs::permissions(path, fs::perms(0755));
  { const DataDirectory directory(path, Access::kReadWrite); }
  EXPECT_EQ(mode(path), 0711U);
}

TEST(Features, HaveARowEachInTheirOrder) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kFeatures.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kFeatures.at(i).feature), i);
    EXPECT_TRUE(names.insert(kFeatures.at(i).name).second);
  }
}

}  // namespace
}  // namespace stator::store
