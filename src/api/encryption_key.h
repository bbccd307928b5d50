#pragma once

#include <string>
#include <string_view>

#include "api/call.h"

/// Keys of AWS KMS, by which tables say that they are encrypted. There is no KMS here: every key of the request's
/// region is taken to exist, and those of other accounts to be shared. Source of states and words: the AWS controller
/// for Kubernetes' measurements, October 2026.
namespace stator::api {

/// The key that AWS manages for DynamoDB in a region, as it is kept in a table: the ARN of its alias.
std::string managed_key(const Call& call, std::string_view region);
bool is_managed_key(std::string_view kept);

/// Reads a KMSMasterKeyId (an ARN, the name of an alias or the id of a key) for use in `region`; returns the ARN that
/// is kept. Throws ValidationException, whose message begins with `subject`, for an ARN of another region.
std::string read_key(const Call& call, std::string_view given, std::string_view region, const std::string& subject);

/// The ARN that descriptions show: that of a key, which for an alias has the same id each time.
std::string shown_key(std::string_view kept);

}  // namespace stator::api
