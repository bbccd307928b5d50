#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace stator::api {

/// Remembers ClientRequestTokens for ten minutes, so that a transaction sent twice happens once.
/// Bounded: past `kMaxTokens` the oldest are forgotten first. Safe to use from several threads.
class IdempotencyTokens {
 public:
  static constexpr std::int64_t kWindowMs = 10 * 60 * 1000;
  static constexpr std::size_t kMaxTokens = 100'000;

  /// Begins a call under `token` with a request that digests to `digest`. True: it happened before, with `outcome` as
  /// its stored result. False: the caller goes on and ends with `finish` or `abandon`; others with the same token wait
  /// meanwhile. Throws IdempotentParameterMismatchException where the token stands for another request.
  bool begin(std::string_view token, std::uint64_t digest, std::int64_t now_ms, std::string& outcome);
  void finish(std::string_view token, std::string outcome);
  void abandon(std::string_view token);

 private:
  struct Entry {
    std::uint64_t digest = 0;
    std::int64_t expires_ms = 0;
    bool under_way = true;
    std::string outcome;
  };
  void forget_old(std::int64_t now_ms);

  std::mutex mutex_;
  std::condition_variable settled_;
  std::unordered_map<std::string, Entry> entries_;
  std::deque<std::string> order_;  // tokens as they came; some are gone from `entries_`
};

}  // namespace stator::api
