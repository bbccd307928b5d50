#pragma once

#include <string>
#include <utility>
#include <vector>

#include "json/reader.h"

/// Tags of tables. Source of the rules and texts: the AWS controller for Kubernetes' measurements, October 2026.
namespace stator::api {

using Tags = std::vector<std::pair<std::string, std::string>>;

/// Adds the request's tags (a list of {Key, Value}) to `tags`, replacing the values of existing keys. Throws
/// ValidationException, and adds nothing, if there are more than fifty tags in the request or in total, or more than 10
/// 240 bytes in total; if a key does not have 1 to 128 characters or a value has more than 256, or either has
/// characters that tags cannot have; if a key begins with "aws:"; or if the request has a key twice.
void merge_tags(const json::Array& request, Tags& tags);

/// Throws ValidationException if there are more than fifty keys, or if one of them is not valid for a tag.
void check_tag_keys(const json::Array& keys);

}  // namespace stator::api
