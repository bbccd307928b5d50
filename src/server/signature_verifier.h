#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "server/authentication.h"

namespace stator::server {

/// A cache of derived signing keys; one serves all requests of a day, region and service. Keeps the last 64 that made a
/// valid signature, so that nobody without a secret can evict others. A key that was read again counts as another key.
/// Safe to use from several threads.
class SigningKeyCache {
 public:
  /// Returns an empty text if it is not in the cache.
  [[nodiscard]] std::string find(const AccessKey& key, std::string_view scope) const;
  void keep(std::shared_ptr<const AccessKey> key, std::string_view scope, std::string_view signing_key);

 private:
  struct Entry {
    std::shared_ptr<const AccessKey> key;
    std::string scope;
    std::string signing_key;
  };
  static constexpr std::size_t kMaxEntries = 64;
  mutable std::shared_mutex mutex_;
  std::vector<Entry> entries_;
  std::size_t oldest_ = 0;
};

/// Accepts only requests signed with one of the given keys, by AWS Signature Version 4.
class SignatureVerifier final : public Authenticator {
 public:
  /// Throws std::runtime_error if libcrypto cannot be loaded. `clock` must outlive the verifier.
  explicit SignatureVerifier(std::shared_ptr<const Reloadable<AccessKeys>> keys,
                             const core::Clock& clock = core::Clock::system());
  std::shared_ptr<const AccessKey> check(const RequestHead& head, std::string_view body) const override;

 private:
  const std::shared_ptr<const Reloadable<AccessKeys>> keys_;
  const core::Clock& clock_;
  mutable SigningKeyCache signing_keys_;
};

}  // namespace stator::server
