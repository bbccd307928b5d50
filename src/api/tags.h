#pragma once

#include <string>
#include <utility>
#include <vector>

#include "json/reader.h"

namespace stator::api {

using Tags = std::vector<std::pair<std::string, std::string>>;

/// Adds the request's tags (a list of {Key, Value}) to `tags`, replacing values of keys that are there. Throws
/// ValidationException for characters that tags cannot hold, a key given twice, and past fifty tags.
void merge_tags(const json::Array& request, Tags& tags);

}  // namespace stator::api
