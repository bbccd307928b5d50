#include "store/small_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
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
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  const std::streamoff end = in ? static_cast<std::streamoff>(in.tellg()) : -1;
  if (end < 0) return std::nullopt;
  std::string text(std::min(static_cast<std::size_t>(end), max_bytes), '\0');
  in.seekg(0);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
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
