#pragma once

#include <string>
#include <string_view>

#include "api/call.h"

/// The AWS KMS keys that tables name for their encryption. There is no KMS here: every key of the request's region
/// counts as existing, and those of other accounts as shared. Source of states and texts: the AWS controller for
/// Kubernetes' measurements, October 2026.
namespace stator::api {

/// The key that AWS manages for DynamoDB in a region, as stored in a table: the ARN of its alias.
std::string managed_key(const Call& call, std::string_view region);
bool is_managed_key(std::string_view kept);

/// Reads a KMSMasterKeyId (an ARN, the name of an alias or the id of a key) for use in `region`; returns the ARN to
/// store. Throws ValidationException with a message that begins with `subject` if it is an ARN of another region.
std::string read_key(const Call& call, std::string_view given, std::string_view region, const std::string& subject);

/// The key ARN that descriptions show. For an alias it has an id that is always the same for that alias.
std::string shown_key(std::string_view kept);

}  // namespace stator::api
