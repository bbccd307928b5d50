#include "server/tls_identity.h"

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace stator::server {
namespace {

/// Changes with everything that is done to a file; all 0 where there is none.
using FileState = std::array<std::uint64_t, 5>;

FileState state_of(const std::filesystem::path& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) return {};
  constexpr std::uint64_t kNanoseconds = 1'000'000'000;
  return {found.st_dev, found.st_ino, static_cast<std::uint64_t>(found.st_size),
          static_cast<std::uint64_t>(found.st_mtim.tv_sec) * kNanoseconds + found.st_mtim.tv_nsec,
          static_cast<std::uint64_t>(found.st_ctim.tv_sec) * kNanoseconds + found.st_ctim.tv_nsec};
}

/// A certificate and its key in files.
class PairOfFiles {
 public:
  PairOfFiles(std::filesystem::path certificate, std::filesystem::path key)
      : certificate_(std::move(certificate)), key_(std::move(key)), read_(state()), seen_(read_) {}

  [[nodiscard]] std::shared_ptr<const TlsContext> read() const {
    return std::make_shared<const TlsContext>(certificate_, key_);
  }

  std::shared_ptr<const TlsContext> read_if_changed() {
    const State before = std::exchange(seen_, state());
    if (seen_ == read_ || seen_ != before) return nullptr;
    // Where they cannot be used they are read again at each look: the fault may be of the moment (no descriptors left).
    std::shared_ptr<const TlsContext> next = read();
    read_ = seen_;
    return next;
  }

 private:
  using State = std::pair<FileState, FileState>;
  [[nodiscard]] State state() const { return {state_of(certificate_), state_of(key_)}; }

  std::filesystem::path certificate_;
  std::filesystem::path key_;
  State read_;
  State seen_;
};

}  // namespace

TlsIdentity::TlsIdentity(const std::filesystem::path& certificate, const std::filesystem::path& key) {
  PairOfFiles files(certificate, key);
  context_ = files.read();
  next_ = [files](const TlsContext& /*in_use*/) mutable { return files.read_if_changed(); };
}

TlsIdentity::TlsIdentity(const std::filesystem::path& directory) {
  const auto make = [directory] {
    return std::make_shared<const TlsContext>(directory.empty() ? make_self_signed_certificate()
                                                                : keep_self_signed_certificate(directory));
  };
  context_ = make();
  next_ = [make](const TlsContext& in_use) { return in_use.ends_soon() ? make() : nullptr; };
}

std::shared_ptr<const TlsContext> TlsIdentity::context() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

bool TlsIdentity::look() {
  try {
    Context next = next_(*context());
    last_fault_.clear();
    if (next == nullptr) return false;
    const std::lock_guard lock(mutex_);
    context_ = std::move(next);
    return true;
  } catch (const std::runtime_error& error) {
    if (std::exchange(last_fault_, error.what()) == error.what()) return false;
    throw;
  }
}

}  // namespace stator::server
