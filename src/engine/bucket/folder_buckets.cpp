#include "engine/export/bucket.h"

#include <system_error>

#include "store/small_file.h"

namespace stator::engine {

namespace fs = std::filesystem;

Bucket::Bucket(const fs::path& buckets, const std::string& name) : root_(buckets / name) {
  std::error_code error;
  if (!buckets.empty() && fs::is_directory(root_, error)) return;
  throw BucketError("S3NoSuchBucket", "The specified bucket does not exist: " +
                                          (buckets.empty() ? name + " (there are no buckets without --buckets)"
                                                           : root_.string() + " is no folder"));
}

fs::path Bucket::file(std::string_view key) const {
  fs::path path = root_;
  for (const fs::path& part : fs::path(key).relative_path()) {
    if (part == "..") throw BucketError("S3InvalidKey", "the key " + std::string(key) + " leads out of its bucket");
    if (!part.empty()) path /= part;
  }
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) {
    throw BucketError("S3AccessDenied",
                      "the folder " + path.parent_path().string() + " cannot be made: " + error.message());
  }
  return path;
}

void Bucket::put(std::string_view key, std::string_view content) const {
  const fs::path path = file(key);
  try {
    store::replace_durably(path, content);
  } catch (const std::system_error& error) {
    throw BucketError("S3AccessDenied", path.string() + " cannot be written: " + error.code().message());
  }
}

void Bucket::remove(std::string_view key) const {
  std::error_code ignored;
  fs::remove(file(key), ignored);
}

}  // namespace stator::engine
