#include "engine/bucket/folder_buckets.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "core/descriptor.h"
#include "store/small_file.h"

namespace stator::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDenied = "S3AccessDenied";

[[noreturn]] void throw_denied(const fs::path& path, const std::string& what) {
  throw BucketError(std::string(kDenied), path.string() + " cannot be " + what);
}

int open_file(const fs::path& path, int flags) { return ::open(path.c_str(), flags | O_CLOEXEC, 0600); }

class FileWriter final : public BucketWriter {
 public:
  explicit FileWriter(const fs::path& path) : path_(path), file_(open_file(path, O_WRONLY | O_CREAT | O_TRUNC)) {
    if (file_.number() < 0) throw_denied(path_, "written: " + std::string(std::strerror(errno)));
  }

  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_.number(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw_denied(path_, "written: " + std::string(std::strerror(errno)));
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void finish() override {
    const bool synced = ::fsync(file_.number()) == 0;
    if (!file_.close() || !synced) throw_denied(path_, "written: " + std::string(std::strerror(errno)));
  }

 private:
  const fs::path path_;
  core::Descriptor file_;
};

class FileReader final : public BucketReader {
 public:
  FileReader(const fs::path& path, std::string_view key) : path_(path), file_(open_file(path, O_RDONLY)) {
    if (file_.number() >= 0) return;
    if (errno == ENOENT) throw BucketError("S3NoSuchKey", "The specified key does not exist: " + std::string(key));
    throw_denied(path_, "read: " + std::string(std::strerror(errno)));
  }

  std::size_t read(char* buffer, std::size_t capacity) override {
    for (;;) {
      const ssize_t count = ::read(file_.number(), buffer, capacity);
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) throw_denied(path_, "read: " + std::string(std::strerror(errno)));
    }
  }

 private:
  const fs::path path_;
  core::Descriptor file_;
};

class FolderBucket final : public Bucket {
 public:
  explicit FolderBucket(fs::path root) : root_(std::move(root)) {}

  void set_encryption(const ObjectEncryption& /*encryption*/) override {}

  void put(std::string_view key, std::string_view content) override {
    const fs::path path = new_file(key);
    try {
      store::replace_durably(path, content);
    } catch (const std::system_error& error) {
      throw_denied(path, "written: " + error.code().message());
    }
  }

  std::unique_ptr<BucketWriter> create(std::string_view key) override {
    return std::make_unique<FileWriter>(new_file(key));
  }

  std::unique_ptr<BucketReader> open(std::string_view key) override {
    return std::make_unique<FileReader>(file(key), key);
  }

  void remove(std::string_view key) override {
    std::error_code ignored;
    fs::remove(file(key), ignored);
  }

  std::vector<BucketObject> list(std::string_view prefix) override {
    std::vector<BucketObject> objects;
    // All keys with the prefix are below the folder that the prefix names.
    const fs::path folder = file(prefix.substr(0, prefix.find_last_of('/') + 1));
    std::error_code error;
    if (!fs::is_directory(folder, error)) return objects;
    fs::recursive_directory_iterator entries(folder, error);
    for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
      std::error_code of_entry;
      if (!entries->is_regular_file(of_entry)) continue;
      std::string key = entries->path().lexically_relative(root_).generic_string();
      if (!key.starts_with(prefix)) continue;
      const std::uintmax_t size_bytes = entries->file_size(of_entry);
      if (!of_entry) objects.push_back({std::move(key), size_bytes});
    }
    if (error) throw_denied(folder, "listed: " + error.message());
    std::ranges::sort(objects, {}, &BucketObject::key);
    return objects;
  }

 private:
  [[nodiscard]] fs::path file(std::string_view key) const {
    fs::path path = root_;
    for (const fs::path& part : fs::path(key).relative_path()) {
      if (part == "..") throw BucketError("S3InvalidKey", "the key " + std::string(key) + " leads out of its bucket");
      if (!part.empty()) path /= part;
    }
    return path;
  }

  /// The same; creates the folders above it.
  [[nodiscard]] fs::path new_file(std::string_view key) const {
    const fs::path path = file(key);
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (error) {
      throw BucketError(std::string(kDenied),
                        "the folder " + path.parent_path().string() + " cannot be made: " + error.message());
    }
    return path;
  }

  const fs::path root_;
};

}  // namespace

std::unique_ptr<Bucket> FolderBuckets::bucket(const std::string& name, const std::string& /*owner*/) const {
  fs::path root = directory_ / name;
  std::error_code error;
  if (!directory_.empty() && fs::is_directory(root, error)) return std::make_unique<FolderBucket>(std::move(root));
  throw BucketError("S3NoSuchBucket", "The specified bucket does not exist: " +
                                          (directory_.empty() ? name + " (there are no buckets without --buckets)"
                                                              : root.string() + " is not a folder"));
}

}  // namespace stator::engine
