#pragma once

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "api/requests/item_requests.h"

/// Typed requests of batches; see item_requests.h.
namespace stator::api {

using BatchWrite = std::variant<PutItem, DeleteItem>;

/// One table's part of a BatchWriteItem.
struct BatchWriteGroup {
  std::string_view requested_name;  // name or ARN, as sent
  std::vector<BatchWrite> writes;
};

struct BatchWriteItem {
  std::vector<BatchWriteGroup> groups;
  CapacityDetail capacity = CapacityDetail::kNone;
  bool item_collection_metrics = false;
};

/// One table's part of a BatchGetItem.
struct BatchGetGroup {
  std::string_view requested_name;  // name or ARN, as sent
  std::vector<KeyAttributes> keys;
  std::optional<expression::Projection> projection;
  bool consistent_read = false;
  /// The members as sent, for UnprocessedKeys.
  Members members;
};

struct BatchGetItem {
  std::vector<BatchGetGroup> groups;
  CapacityDetail capacity = CapacityDetail::kNone;
};

/// Each throws ValidationException.
BatchWriteItem read_batch_write_item(const Members& request);
BatchGetItem read_batch_get_item(const Members& request);

}  // namespace stator::api
