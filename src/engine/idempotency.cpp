#include "engine/idempotency.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/api_error.h"
#include "engine/keys.h"
#include "engine/stored_value.h"

namespace stator::engine {
namespace {

RequestDigest digest_of(std::string_view request) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(request.data(), request.size()));
  RequestDigest digest;
  static_assert(sizeof(canonical.digest) == sizeof(digest));
  std::memcpy(digest.data(), canonical.digest, digest.size());
  return digest;
}

std::uint32_t slot_at(std::int64_t ms) { return static_cast<std::uint32_t>(ms / IdempotencyTokens::kWindowMs); }

/// The lower bound of the rows that expire in this slot or later.
std::string slot_key(std::uint32_t slot) { return catalog_key(CatalogRow::kToken, slot); }

std::string row_key(std::uint32_t slot, std::string_view token) { return slot_key(slot).append(token); }

[[noreturn]] void throw_mismatch() {
  throw core::ApiError(
      core::ErrorCode::kIdempotentParameterMismatch,
      "Specified idempotent token was used with different request parameters within the idempotency window");
}

[[noreturn]] void throw_in_progress() {
  throw core::ApiError(core::ErrorCode::kTransactionInProgress,
                       "The transaction with the given request token is already in progress.");
}

}  // namespace

TokenClaim::TokenClaim(TokenClaim&& other) noexcept
    : tokens_(std::exchange(other.tokens_, nullptr)),
      token_(std::move(other.token_)),
      digest_(other.digest_),
      earlier_(std::move(other.earlier_)) {}

TokenClaim::~TokenClaim() {
  if (tokens_ != nullptr) tokens_->release(token_);
}

void TokenClaim::append(std::span<const WriteOutcome> outcomes, store::Batch& batch) const {
  IdempotencyTokens::Row row;
  row.digest = digest_;
  row.expires_ms = tokens_->clock_.now_ms() + IdempotencyTokens::kWindowMs;
  for (const WriteOutcome& outcome : outcomes) {
    row.sizes_bytes.push_back(std::max(outcome.old_size_bytes, outcome.new_size_bytes));
  }
  tokens_->append(token_, row, batch);
}

TokenClaim IdempotencyTokens::claim(std::string_view token, std::string_view request) {
  TokenClaim claim(token, digest_of(request));
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto [under_way, first] = under_way_.try_emplace(claim.token_, claim.digest_);
    if (!first && under_way->second != claim.digest_) throw_mismatch();
    if (!first) throw_in_progress();
    claim.tokens_ = this;
  }
  // An earlier claim of the token has been committed or released by now.
  if (std::optional<Row> row = find(token)) {
    if (row->digest != claim.digest_) throw_mismatch();
    claim.earlier_ = std::move(row->sizes_bytes);
  }
  return claim;
}

void IdempotencyTokens::release(const std::string& token) {
  const std::lock_guard<std::mutex> lock(mutex_);
  under_way_.erase(token);
}

std::optional<IdempotencyTokens::Row> IdempotencyTokens::find(std::string_view token) const {
  const std::int64_t now_ms = clock_.now_ms();
  // Tokens of the last ten minutes expire in the current slot or the next one. The third is looked at in case the clock
  // was set back.
  for (std::uint32_t ahead = 0; ahead < 3; ++ahead) {
    std::string stored;
    if (!store_.get(row_key(slot_at(now_ms) + ahead, token), stored)) continue;
    std::string_view in = stored;
    Row row;
    if (in.size() <= 1 + row.digest.size() || in.front() != kPlainValue) {
      throw core::DamageError("the row of a request token cannot be read");
    }
    std::memcpy(row.digest.data(), in.data() + 1, row.digest.size());
    in.remove_prefix(1 + row.digest.size());
    row.expires_ms = static_cast<std::int64_t>(read_varint(in));
    while (!in.empty()) row.sizes_bytes.push_back(read_varint(in));
    if (row.expires_ms > now_ms) return row;
  }
  return std::nullopt;
}

void IdempotencyTokens::append(std::string_view token, const Row& row, store::Batch& batch) const {
  std::string value(1, kPlainValue);
  value.append(row.digest.data(), row.digest.size());
  append_varint(static_cast<std::uint64_t>(row.expires_ms), value);
  for (const std::size_t size_bytes : row.sizes_bytes) append_varint(size_bytes, value);
  batch.put(row_key(slot_at(row.expires_ms), token), value);
}

bool IdempotencyTokens::trim() {
  store_.delete_range(catalog_key(CatalogRow::kToken), slot_key(slot_at(clock_.now_ms())));
  return has_rows();
}

bool IdempotencyTokens::has_rows() const {
  const std::string lower = catalog_key(CatalogRow::kToken);
  const auto cursor = store_.cursor(lower, store::prefix_end(lower));
  cursor->seek_to_first();
  return cursor->valid();
}

}  // namespace stator::engine
