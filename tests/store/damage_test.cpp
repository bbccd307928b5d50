#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <set>

#include "core/damage_error.h"
#include "store/rows.h"
#include "store/store.h"
#include "support/temporary_directory.h"

/// Flips every byte of every file of a small store, and truncates and removes every file: opening must fail with one
/// line, or reads must return the right data. The quick run takes a sample; STATOR_LONG=1 takes every byte and every
/// length (CTest: store_damage).
namespace stator::store {
namespace {

namespace fs = std::filesystem;

using Content = std::map<std::string, std::string>;
/// All files below a directory, by relative path.
using Files = std::map<std::string, std::string>;

bool is_long_run() { return std::getenv("STATOR_LONG") != nullptr; }

Options options_for(const fs::path& directory) {
  Options options;
  options.directory = directory;
  return options;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Files read_files(const fs::path& directory) {
  Files files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) files[entry.path().lexically_relative(directory).string()] = read_file(entry.path());
  }
  return files;
}

void write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

void write_files(const fs::path& directory, const Files& files) {
  fs::remove_all(directory);
  for (const auto& [name, bytes] : files) {
    fs::create_directories((directory / name).parent_path());
    write_file(directory / name, bytes);
  }
}

/// Reads the whole store into `content`; returns the error line if it cannot be opened or read.
std::string read_store(const Options& options, Content& content) {
  content.clear();
  try {
    const auto store = Store::open(options);
    const auto cursor = store->cursor("", "");
    for (cursor->seek_to_first(); cursor->valid(); cursor->next()) content.emplace(cursor->key(), cursor->value());
    std::string value;
    for (const auto& [key, expected] : content) {
      if (!store->get(key, value) || value != expected) return "a read disagrees with the walk";
      Lookup lookups[] = {{key, &value, {}}};
      store->get_each(lookups);
      if (lookups[0].found != true || value != expected) return "a read of several disagrees with the walk";
    }
    return "";
  } catch (const OpenError& error) {
    return error.what();
  } catch (const StoreError& error) {
    return error.what();
  } catch (const core::DamageError& error) {
    return error.what();
  }
}

/// Fills the store with two tables, one of them with a range tombstone.
void fill(Store& store) {
  for (int i = 0; i < 30; ++i) put(store, "a" + std::to_string(i), std::string(40, 'x'));
  store.flush();
  for (int i = 0; i < 1100; ++i) put(store, "b" + std::to_string(i), "");  // more rows than are deleted one by one
  store.delete_range("b", "c");
  for (int i = 0; i < 10; ++i) put(store, "c" + std::to_string(i), "second table");
  store.flush();
}

struct Damaged {
  Files files;
  /// Every content that a read may return; the first is the complete one.
  std::vector<Content> right;
};

Damaged stopped_store() {
  const TemporaryDirectory root(TemporaryDirectory::fast_parent());
  const Options options = options_for(root.path() / "data");
  fill(*Store::open(options));
  put(*Store::open(options), "d", "a third table, after a restart");
  Damaged made{.files = read_files(options.directory), .right = {}};
  made.right.resize(1);
  EXPECT_EQ(read_store(options, made.right[0]), "");
  return made;
}

/// The files of a store after kill -9: copied while it is open, with some writes in the log only.
Damaged killed_store() {
  const TemporaryDirectory root(TemporaryDirectory::fast_parent());
  const Options options = options_for(root.path() / "data");
  Damaged made;
  made.right.resize(1);
  {
    const auto store = Store::open(options);
    fill(*store);
    for (int i = 0; i < 8; ++i) put(*store, "e" + std::to_string(i), "only in the log");
    made.files = read_files(options.directory);
  }
  write_files(options.directory, made.files);
  EXPECT_EQ(read_store(options, made.right[0]), "");
  return made;
}

class Damage : public testing::TestWithParam<bool> {
 protected:
  Damage() : store_(GetParam() ? killed_store() : stopped_store()), path_(root_.path() / "data") {
    write_files(path_, store_.files);
  }

  static std::size_t step(std::size_t size, std::size_t samples) {
    return is_long_run() || size < samples ? 1 : size / samples;
  }

  /// Opens the store with `bytes` as the content of `name` (nullopt: the file is removed). `may_be_less`: the end of
  /// the newest log was cut, which looks the same as writes that were never made.
  void expect_refused_or_right(const std::string& name, const std::optional<std::string>& bytes,
                               const std::string& what, bool may_be_less = false) {
    const fs::path file = path_ / name;
    bytes ? write_file(file, *bytes) : static_cast<void>(fs::remove(file));
    Content content;
    const std::string line = read_store(options_for(path_), content);
    if (!line.empty()) {
      ++refused_;
      EXPECT_EQ(line.find('\n'), std::string::npos) << what << ": " << line;
      Files after = read_files(path_);
      if (line.find("data directory") != std::string::npos) {
        // If opening was refused, no file may have changed.
        bytes ? static_cast<void>(after[name] = store_.files.at(name))
              : static_cast<void>(after.emplace(name, store_.files.at(name)));
        for (const auto& [kept, before] : store_.files) {
          ASSERT_TRUE(after.contains(kept)) << what << ": " << kept << " was deleted; " << line;
          if (kept == "FILES") continue;
          ASSERT_EQ(after.at(kept), before) << what << ": " << kept << " was changed; " << line;
        }
      }
      if (after.size() == store_.files.size() && after.at("FILES") == store_.files.at("FILES")) {
        write_file(file, store_.files.at(name));
        return;
      }
    } else if (may_be_less) {
      ASSERT_LE(content.size(), store_.right[0].size()) << what;
      for (const auto& [key, value] : content) ASSERT_EQ(store_.right[0].at(key), value) << what;
      for (const auto& [key, value] : store_.right[0]) {
        if (key.starts_with("e")) continue;
        ASSERT_TRUE(content.contains(key)) << what << ": " << key << " is gone";
      }
    } else {
      ASSERT_EQ(content, store_.right[0]) << what << ": silently wrong";
    }
    write_files(path_, store_.files);
  }

  [[nodiscard]] bool is_newest_log(const std::string& name) const {
    std::string newest;
    for (const auto& [file, bytes] : store_.files) {
      if (file.ends_with(".log")) newest = file;
    }
    return name == newest;
  }

  const TemporaryDirectory root_{TemporaryDirectory::fast_parent()};
  const Damaged store_;
  const fs::path path_;
  int refused_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Stores, Damage, testing::Bool(), [](const testing::TestParamInfo<bool>& killed) {
  return killed.param ? "Killed" : "Stopped";
});

TEST_P(Damage, TheStoreIsWhatTheTestIsAbout) {
  std::size_t tables = 0;
  std::size_t log_bytes = 0;
  for (const auto& [name, bytes] : store_.files) {
    tables += name.ends_with(".sst") ? 1 : 0;
    log_bytes += name.ends_with(".log") ? bytes.size() : 0;
  }
  EXPECT_GE(tables, 2U);
  EXPECT_EQ(log_bytes > 0, GetParam());
  EXPECT_EQ(store_.files.at("FILES").find("\nsealed ") != std::string::npos, !GetParam());
  EXPECT_EQ(store_.right[0].size(), 30U + 10U + (GetParam() ? 8U : 1U));
}

TEST_P(Damage, AFlippedByteIsRefusedOrAnsweredRight) {
  for (const auto& [name, bytes] : store_.files) {
    for (std::size_t at = 0; at < bytes.size(); at += step(bytes.size(), 15)) {
      for (const unsigned mask : {0xFFU, 0x01U, 0x80U}) {
        // RocksDB does not read these files, and they are the longest.
        if (name.starts_with("store/OPTIONS-") && mask != 0xFF) continue;
        std::string flipped = bytes;
        flipped[at] = static_cast<char>(static_cast<unsigned char>(flipped[at]) ^ mask);
        expect_refused_or_right(name, flipped, name + ", byte " + std::to_string(at) + " ^ " + std::to_string(mask));
        if (HasFatalFailure()) return;
      }
    }
  }
  EXPECT_GT(refused_, 50);
}

TEST_P(Damage, ACutFileIsRefusedOrAnsweredRight) {
  for (const auto& [name, bytes] : store_.files) {
    for (std::size_t length = 0; length < bytes.size(); length += step(bytes.size(), 15)) {
      expect_refused_or_right(name, bytes.substr(0, length), name + ", cut at " + std::to_string(length),
                              is_newest_log(name));
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(Damage, ARemovedFileIsRefusedOrAnsweredRight) {
  for (const auto& [name, bytes] : store_.files) {
    expect_refused_or_right(name, std::nullopt, name + " removed");
    if (HasFatalFailure()) return;
  }
}

TEST_P(Damage, BytesBehindTheEndAreRefusedOrAnsweredRight) {
  for (const auto& [name, bytes] : store_.files) {
    for (const std::string& more : {std::string("x"), std::string(600, 'x'), std::string(600, '\0')}) {
      expect_refused_or_right(name, bytes + more, name + " with " + std::to_string(more.size()) + " more bytes");
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(Damage, FilesThatDoNotBelongAreRefusedOrIgnored) {
  const std::string table = [this] {
    for (const auto& [name, bytes] : store_.files) {
      if (name.ends_with(".sst")) return bytes;
    }
    return std::string();
  }();
  for (const char* name : {"store/000099.sst", "store/000099.log", "store/MANIFEST-000099", "store/OPTIONS-000099",
                           "store/000099.dbtmp", "store/notes.txt", "notes.txt"}) {
    for (const std::string& bytes : {std::string(), std::string("hello"), table}) {
      write_file(path_ / name, bytes);
      Content content;
      const std::string line = read_store(options_for(path_), content);
      if (line.empty()) {
        EXPECT_EQ(content, store_.right[0]) << name;
      } else {
        EXPECT_TRUE(fs::exists(path_ / name)) << line;
      }
      write_files(path_, store_.files);
    }
  }
}

TEST_P(Damage, CurrentMustNotNameAManifestThatWasReplaced) {
  for (const auto& [name, bytes] : store_.files) {
    if (!name.starts_with("store/MANIFEST-")) continue;
    write_file(path_ / "store/MANIFEST-000001", bytes.substr(0, bytes.size() / 2));
    write_file(path_ / "store/CURRENT", "MANIFEST-000001\n");
    Content content;
    EXPECT_NE(read_store(options_for(path_), content), "");
  }
}

}  // namespace
}  // namespace stator::store
