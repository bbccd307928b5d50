#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "server/tls.h"

namespace stator::server {

/// What a server shows to its clients for as long as it runs, which may be longer than a certificate lasts: the
/// certificate of the moment, and where the next one comes from. A connection keeps the one with which it began.
class TlsIdentity {
 public:
  /// Files that others replace when they renew the certificate. Throws as TlsContext does.
  TlsIdentity(const std::filesystem::path& certificate, const std::filesystem::path& key);
  /// A certificate that the server makes, kept in `directory`, or in memory where that is empty; another one when it
  /// ends soon. Throws std::runtime_error.
  explicit TlsIdentity(const std::filesystem::path& directory);

  /// Safe to call from several threads, also beside `look`.
  [[nodiscard]] std::shared_ptr<const TlsContext> context() const;

  /// Looks for the next certificate; to be called again and again, by one thread. True: new connections get another one
  /// from now on. Files are read when two looks in a row found them changed in the same way, so that one of a pair is
  /// not taken without the other. Throws std::runtime_error with one line for the user, once for each fault; the
  /// certificate stays as it is then.
  bool look();

 private:
  using Context = std::shared_ptr<const TlsContext>;

  /// The context to go on with; null where the one in use stays.
  std::function<Context(const TlsContext& in_use)> next_;
  mutable std::mutex mutex_;
  Context context_;
  std::string last_fault_;
};

}  // namespace stator::server
