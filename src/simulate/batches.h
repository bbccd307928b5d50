#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "json/reader.h"

/// Splits batches so that a part is left unprocessed.
namespace stator::simulate {

/// A batch in two parts: the request to send on, and the unprocessed part for the reply.
struct SplitBatch {
  std::string body;  // empty: nothing is done
  std::string left;  // UnprocessedItems or UnprocessedKeys, an object
};

/// Splits a BatchWriteItem or BatchGetItem; `is_left` is asked for each of its members in order. Nothing where none is
/// left, or where the request is no batch.
std::optional<SplitBatch> split_batch(std::string_view operation, const json::Object& request,
                                      const std::function<bool()>& is_left);

/// The reply with `left` added to what it says was left.
std::string add_left(std::string_view operation, std::string_view reply, std::string_view left);

}  // namespace stator::simulate
