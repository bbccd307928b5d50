#include "api/encryption_key.h"

#include <xxhash.h>

#include <algorithm>

#include "core/api_error.h"
#include "core/random.h"
#include "core/uuid.h"

namespace stator::api {
namespace {

constexpr std::string_view kAlias = "alias/";
constexpr std::string_view kManaged = "alias/aws/dynamodb";

std::string key_arn(const Call& call, std::string_view region, std::string_view resource) {
  return "arn:aws:kms:" + std::string(region) + ":" + call.context.account_id + ":" + std::string(resource);
}

/// The id of an alias' key: always the same for the same alias, and different for different ones.
std::string id_of(std::string_view alias) {
  constexpr unsigned kOwnKind = 8;
  XXH128_canonical_t hash;
  XXH128_canonicalFromHash(&hash, XXH3_128bits(alias.data(), alias.size()));
  core::UuidBytes bytes{};
  std::ranges::copy(hash.digest, bytes.begin());
  return core::uuid_text(bytes, kOwnKind);
}

}  // namespace

std::string managed_key(const Call& call, std::string_view region) { return key_arn(call, region, kManaged); }

bool is_managed_key(std::string_view kept) { return parse_arn(kept).resource == kManaged; }

std::string read_key(const Call& call, std::string_view given, std::string_view region, const std::string& subject) {
  if (given.starts_with(kAlias)) return key_arn(call, region, given);
  if (!given.starts_with("arn:")) return key_arn(call, region, "key/" + std::string(given));
  const std::string_view key_region = parse_arn(given).region;
  if (key_region != region) {
    core::throw_validation(
        subject + ": com.amazonaws.services.kms.model.NotFoundException: Invalid arn " + std::string(key_region) +
        " (Service: AWSKMS; Status Code: 400; Error Code: NotFoundException; Request ID: " + core::random_uuid() +
        "; Proxy: null)");
  }
  return std::string(given);
}

std::string shown_key(std::string_view kept) {
  const std::string_view resource = parse_arn(kept).resource;
  if (!resource.starts_with(kAlias)) return std::string(kept);
  return std::string(kept.substr(0, kept.size() - resource.size())) + "key/" + id_of(kept);
}

}  // namespace stator::api
