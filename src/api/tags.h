#pragma once

#include <string>
#include <utility>
#include <vector>

#include "json/reader.h"

/// Tags of tables. Source of the rules and their words: the AWS controller for Kubernetes' measurements, October 2026.
namespace stator::api {

using Tags = std::vector<std::pair<std::string, std::string>>;

/// Adds the request's tags (a list of {Key, Value}) to `tags`, replacing values of keys that are there. Throws
/// ValidationException for more than fifty tags, given or in all, or 10 240 bytes of them in all, for keys and values
/// of other than 1 to 128 and 0 to 256 characters or of characters that tags cannot hold, for keys that begin with
/// "aws:", and for a key given twice. Nothing is added then.
void merge_tags(const json::Array& request, Tags& tags);

/// Throws for keys to remove that no tag could have, or more than fifty.
void check_tag_keys(const json::Array& keys);

}  // namespace stator::api
