#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/clock.h"

namespace stator::aws {

/// The keys that requests to AWS are signed with. Never printed or logged.
struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;               // empty for long-lived keys
  std::optional<std::int64_t> expires_ms;  // since 1970; nullopt: they do not expire
};

/// Where credentials come from while a program runs. Safe to use from several threads at once.
class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;
  /// Returns credentials that are valid now. Throws ConfigurationError (profile_file.h) if there are none.
  virtual std::shared_ptr<const Credentials> get() = 0;
  /// To be called when the service has refused these as expired: the next `get` fetches new ones, unless that was
  /// already done. Returns false if there cannot be others.
  virtual bool expire(const Credentials& refused) = 0;
};

/// Keys that never change.
class FixedCredentials : public CredentialsProvider {
 public:
  explicit FixedCredentials(Credentials credentials);
  std::shared_ptr<const Credentials> get() override { return credentials_; }
  bool expire(const Credentials& /*refused*/) override { return false; }

 private:
  std::shared_ptr<const Credentials> credentials_;
};

/// Keys that are renewed five minutes before they expire, by one caller while the others use the old ones. If that
/// fails, the old ones are used as long as they are valid, and renewal is tried again after a pause.
class RefreshingCredentials : public CredentialsProvider {
 public:
  using Fetch = std::function<Credentials()>;
  RefreshingCredentials(Fetch fetch, const core::Clock& clock);
  std::shared_ptr<const Credentials> get() override;
  bool expire(const Credentials& refused) override;

 private:
  using Known = std::shared_ptr<const Credentials>;
  /// Fetches new ones; releases the lock meanwhile.
  Known fetch_anew(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool is_valid(std::int64_t now_ms) const;

  const Fetch fetch_;
  const core::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable fetched_;
  bool is_fetching_ = false;
  std::uint64_t fetches_ = 0;   // completed fetches
  std::exception_ptr failure_;  // of the last fetch
  Known current_;               // null if there are none yet, or if they were refused
  std::int64_t next_fetch_ms_ = 0;
};

}  // namespace stator::aws
