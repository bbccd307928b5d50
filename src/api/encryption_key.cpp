#include "api/encryption_key.h"

#include "core/api_error.h"
#include "engine/random_id.h"

namespace stator::api {
namespace {

constexpr std::string_view kAlias = "alias/";
constexpr std::string_view kManaged = "alias/aws/dynamodb";

std::string key_arn(const Call& call, std::string_view region, std::string_view resource) {
  return "arn:aws:kms:" + std::string(region) + ":" + call.context.account_id + ":" + std::string(resource);
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
        " (Service: AWSKMS; Status Code: 400; Error Code: NotFoundException; Request ID: " + engine::random_uuid() +
        "; Proxy: null)");
  }
  return std::string(given);
}

std::string shown_key(std::string_view kept) {
  const std::string_view resource = parse_arn(kept).resource;
  if (!resource.starts_with(kAlias)) return std::string(kept);
  return std::string(kept.substr(0, kept.size() - resource.size())) + "key/" + engine::named_uuid(kept);
}

}  // namespace stator::api
