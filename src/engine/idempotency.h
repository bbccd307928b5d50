#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "engine/engine.h"
#include "store/store.h"

namespace stator::engine {

class IdempotencyTokens;

/// 128 bits of XXH3, big endian: enough that no two requests share a digest by chance.
using RequestDigest = std::array<char, 16>;

/// The use of a ClientRequestToken by one request, from the look-up to the commit. Meanwhile other requests with the
/// same token are refused. Must not outlive the engine.
class TokenClaim {
 public:
  TokenClaim(TokenClaim&& other) noexcept;
  TokenClaim& operator=(TokenClaim&&) = delete;
  TokenClaim(const TokenClaim&) = delete;
  TokenClaim& operator=(const TokenClaim&) = delete;
  ~TokenClaim();

  /// If the transaction was already made: for each action, in order, the size of its item before or after it, whichever
  /// is larger. Otherwise nullopt.
  [[nodiscard]] const std::optional<std::vector<std::size_t>>& earlier_sizes_bytes() const { return earlier_; }
  /// Adds to the transaction's batch the row that records it with these outcomes.
  void append(std::span<const WriteOutcome> outcomes, store::Batch& batch) const;

 private:
  friend class IdempotencyTokens;
  TokenClaim(std::string_view token, const RequestDigest& digest) : token_(token), digest_(digest) {}

  IdempotencyTokens* tokens_ = nullptr;  // null: nothing to release
  std::string token_;
  RequestDigest digest_;
  std::optional<std::vector<std::size_t>> earlier_;
};

/// ClientRequestTokens: a transaction sent twice within ten minutes is made once, even if the process is killed in
/// between. A committed transaction is a row of the catalog, written in its own batch (docs/format.md); memory holds
/// only the tokens of requests under way. Safe to use from several threads.
class IdempotencyTokens {
 public:
  /// Source: API reference, TransactWriteItems, ClientRequestToken.
  static constexpr std::int64_t kWindowMs = std::int64_t{10} * 60 * 1000;

  IdempotencyTokens(store::Store& store, const core::Clock& clock) : store_(store), clock_(clock) {}

  /// See Engine::claim_token.
  TokenClaim claim(std::string_view token, std::string_view request);
  /// Deletes the rows of past time slots, which no look-up reads, in bounded time. Returns whether rows are left.
  bool trim();
  [[nodiscard]] bool has_rows() const;

 private:
  friend class TokenClaim;
  struct Row {
    RequestDigest digest{};
    std::int64_t expires_ms = 0;
    std::vector<std::size_t> sizes_bytes;
  };
  [[nodiscard]] std::optional<Row> find(std::string_view token) const;
  void append(std::string_view token, const Row& row, store::Batch& batch) const;
  void release(const std::string& token);

  store::Store& store_;
  const core::Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, RequestDigest> under_way_;
};

}  // namespace stator::engine
