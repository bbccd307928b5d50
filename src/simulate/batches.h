#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "json/reader.h"

/// Splits batches to leave a part unprocessed.
namespace stator::simulate {

/// A batch in two parts: the request to send on, and the unprocessed part for the reply.
struct SplitBatch {
  std::string body;  // empty: nothing is processed
  std::string left;  // UnprocessedItems or UnprocessedKeys: a JSON object
};

/// Splits a BatchWriteItem or BatchGetItem; calls `is_left` for each member in order. nullopt if no member is left, or
/// if the request is not a batch.
std::optional<SplitBatch> split_batch(std::string_view operation, const json::Object& request,
                                      const std::function<bool()>& is_left);

/// The reply with `left` added to its unprocessed part.
std::string add_left(std::string_view operation, std::string_view reply, std::string_view left);

}  // namespace stator::simulate
