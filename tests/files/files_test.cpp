#include "files/files.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace stator::files {
namespace {

namespace fs = std::filesystem;

const fs::path kModels = fs::path(STATOR_SOURCE_DIR) / "models";
const fs::path kInside = fs::path(kBuiltIn) / "models";

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The files below a directory, by relative path.
std::set<std::string> files_below(const fs::path& directory, const fs::path& part = {}) {
  std::set<std::string> found;
  for (const fs::path& entry : list(directory / part)) {
    const fs::path inside = part / entry.filename();
    if (is_file(entry)) {
      found.insert(inside.string());
    } else if (inside != "schemas") {
      found.merge(files_below(directory, inside));
    }
  }
  return found;
}

TEST(BuiltInFiles, AreTheModelsByteForByte) {
  const std::set<std::string> files = files_below(kModels);
  EXPECT_EQ(files_below(kInside), files);
  EXPECT_TRUE(files.contains("shop/patterns/customer.json"));
  for (const std::string& file : files) EXPECT_EQ(built_in(kInside / file), read(kModels / file)) << file;
}

TEST(BuiltInFiles, AreFoundByAnyPathThatMeansThem) {
  EXPECT_TRUE(is_file(kInside / "shop" / ".." / "shop" / "table.json"));
  EXPECT_TRUE(is_file("built-in:/models/default.json"));
  for (const char* path : {"", "built-in:", "built-in:/", "built-in:/models", "built-in:/models/shop",
                           "built-in:/models/shop/table", "models/shop/table.json", "/built-in:/models/default.json"}) {
    EXPECT_EQ(built_in(path), std::nullopt) << path;
  }
}

TEST(Files, OfADirectoryThatIsNotThereAreNone) {
  EXPECT_TRUE(list("/nowhere/at/all").empty());
  EXPECT_TRUE(list(kInside / "nothing").empty());
  EXPECT_TRUE(list(kInside / "default.json").empty());
  EXPECT_FALSE(is_file("/nowhere/at/all"));
  EXPECT_FALSE(is_file(STATOR_SOURCE_DIR));
}

}  // namespace
}  // namespace stator::files
