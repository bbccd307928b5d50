#pragma once

#include <optional>
#include <string_view>

#include "api/requests/key_attributes.h"
#include "api/requests/options.h"
#include "api/requests/place.h"
#include "expression/expression.h"
#include "json/item.h"

/// Typed requests on single items: PutItem, GetItem, UpdateItem, DeleteItem, and the members of batches and
/// transactions. Reading makes all checks that need no table, in the service's order; `resolve` (item_rules.h) checks
/// the request against its table, and `run` (item_operations.h) runs it. Views and conditions point into the request's
/// JSON.
namespace stator::api {

/// The part that all writes of an item have.
struct ItemWrite {
  std::string_view table_name;
  std::optional<expression::Condition> condition;
  ReturnValues return_values = ReturnValues::kNone;
  /// Whether ReturnValuesOnConditionCheckFailure is ALL_OLD.
  bool return_old_on_failure = false;
  CapacityDetail capacity = CapacityDetail::kNone;
  bool item_collection_metrics = false;
};

struct PutItem : ItemWrite {
  json::EncodedItem item;
  /// An INSERT: DuplicateItemException if an item with that key exists.
  bool must_be_new = false;
};

struct DeleteItem : ItemWrite {
  KeyAttributes key;
};

struct UpdateItem : ItemWrite {
  KeyAttributes key;
  /// nullopt: an item that does not exist is created with only its key.
  std::optional<expression::Update> update;
  /// Whether the expression's own size counts towards the item size limit. It does in UpdateItem, but not in PartiQL,
  /// in the transactions of most regions, and in regions where writes are behind (api/rollout.h).
  bool statement_is_limited = false;
};

/// The ConditionCheck of a transaction.
struct ConditionCheck : ItemWrite {
  KeyAttributes key;
};

struct GetItem {
  std::string_view table_name;
  KeyAttributes key;
  std::optional<expression::Projection> projection;
  bool consistent_read = false;
  CapacityDetail capacity = CapacityDetail::kNone;
};

/// Each throws ValidationException. Members of a batch have no table name; the caller knows it.
PutItem read_put_item(const Members& request, Place place = Place::kOperation);
DeleteItem read_delete_item(const Members& request, Place place = Place::kOperation);
UpdateItem read_update_item(const Members& request, Place place = Place::kOperation);
ConditionCheck read_condition_check(const Members& request, Place place = Place::kTransaction);
GetItem read_get_item(const Members& request, Place place = Place::kOperation);

}  // namespace stator::api
