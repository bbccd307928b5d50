#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/requests/item_requests.h"

/// Typed requests of transactions; see item_requests.h.
namespace stator::api {

/// An action of a transaction.
using TransactWrite = std::variant<ConditionCheck, PutItem, DeleteItem, UpdateItem>;

/// The part that all kinds of actions have.
const ItemWrite& common_part(const TransactWrite& action);

struct TransactWriteItems {
  std::vector<TransactWrite> actions;
  /// ClientRequestToken; empty: none.
  std::string_view token;
  /// The canonical text, compared if the token is used again; filled in only with a token.
  std::string canonical_text;
  CapacityDetail capacity = CapacityDetail::kNone;
  bool item_collection_metrics = false;
};

struct TransactGetItems {
  std::vector<GetItem> gets;
  CapacityDetail capacity = CapacityDetail::kNone;
};

/// Each throws ValidationException. `deviates`: with the rules of regions that are ahead (api/rollout.h).
TransactWriteItems read_transact_write_items(const Members& request, bool deviates = false);
TransactGetItems read_transact_get_items(const Members& request, bool deviates = false);

}  // namespace stator::api
