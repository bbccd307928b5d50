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

/// 128 bits of XXH3, big endian: two requests do not have the same digest by chance.
using RequestDigest = std::array<char, 16>;

/// The use of a ClientRequestToken by one request, from the look-up to the commit; others with the same token are
/// refused meanwhile. Must not outlive the engine.
class TokenClaim {
 public:
  TokenClaim(TokenClaim&& other) noexcept;
  TokenClaim& operator=(TokenClaim&&) = delete;
  TokenClaim(const TokenClaim&) = delete;
  TokenClaim& operator=(const TokenClaim&) = delete;
  ~TokenClaim();

  /// Where the transaction has happened already: for each action, in order, the larger of the sizes in bytes that its
  /// item had before and after it.
  [[nodiscard]] const std::optional<std::vector<std::size_t>>& earlier_sizes_bytes() const { return earlier_; }
  /// Puts the row that records the transaction, with these outcomes, into its batch.
  void append(std::span<const WriteOutcome> outcomes, store::Batch& batch) const;

 private:
  friend class IdempotencyTokens;
  TokenClaim(std::string_view token, const RequestDigest& digest) : token_(token), digest_(digest) {}

  IdempotencyTokens* tokens_ = nullptr;  // null: nothing to release
  std::string token_;
  RequestDigest digest_;
  std::optional<std::vector<std::size_t>> earlier_;
};

/// ClientRequestTokens: a transaction that is sent twice within ten minutes happens once, whether or not the process
/// was killed in between. What was committed is a row of the catalog, written in the transaction's own batch
/// (docs/format.md); memory holds only the tokens of requests under way. Safe to use from several threads.
class IdempotencyTokens {
 public:
  /// Source: API reference, TransactWriteItems, ClientRequestToken.
  static constexpr std::int64_t kWindowMs = std::int64_t{10} * 60 * 1000;

  IdempotencyTokens(store::Store& store, const core::Clock& clock) : store_(store), clock_(clock) {}

  /// See Engine::claim_token.
  TokenClaim claim(std::string_view token, std::string_view request);
  /// Deletes the rows that no look-up asks for any more, in bounded work. Returns whether there are rows left.
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
