#include "store/small_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/descriptor.h"

namespace stator::store {
namespace {

namespace fs = std::filesystem;

class OpenFile {
 public:
  OpenFile(const fs::path& path, int flags) : file_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    if (file_.number() < 0) fail();
  }

  void write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(file_.number(), text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail();
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void sync() const {
    if (::fsync(file_.number()) != 0) fail();
  }

 private:
  [[noreturn]] static void fail() { throw std::system_error(errno, std::generic_category()); }
  core::Descriptor file_;
};

}  // namespace

std::optional<std::string> read_small_file(const fs::path& path, std::size_t max_bytes) {
  try {
    return read_if_there(path, max_bytes);
  } catch (const fs::filesystem_error&) {
    return std::nullopt;
  }
}

std::optional<std::string> read_if_there(const fs::path& path, std::size_t max_bytes) {
  const auto fail = [&] { throw fs::filesystem_error("cannot read", path, {errno, std::generic_category()}); };
  const core::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    fail();
  }
  constexpr std::size_t kStepBytes = 64 * 1024;
  std::string text;
  while (text.size() < max_bytes) {
    const std::size_t before = text.size();
    const std::size_t wanted = std::min(kStepBytes, max_bytes - before);
    text.resize(before + wanted);
    const ssize_t read = ::read(file.number(), text.data() + before, wanted);
    text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(read, 0)));
    if (read < 0 && errno != EINTR) fail();
    if (read == 0) break;
  }
  return text;
}

void replace_durably(const fs::path& path, std::string_view text) {
  const fs::path draft = path.string() + ".new";
  {
    const OpenFile file(draft, O_WRONLY | O_CREAT | O_TRUNC);
    file.write(text);
    file.sync();
  }
  std::error_code error;
  fs::rename(draft, path, error);
  if (error) throw std::system_error(error);
  sync_directory(path.parent_path());
}

void sync_directory(const fs::path& path) { OpenFile(path, O_RDONLY | O_DIRECTORY).sync(); }

}  // namespace stator::store
