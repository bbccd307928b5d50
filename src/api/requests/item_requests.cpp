#include "api/requests/item_requests.h"

#include <array>

#include "api/call.h"
#include "api/requests/expressions.h"
#include "core/api_error.h"
#include "core/limits.h"
#include "expression/legacy.h"

namespace stator::api {

using core::throw_validation;

namespace {

constexpr std::array<MemberName, 1> kConditionNames = {"ConditionExpression"};
constexpr std::array<MemberName, 2> kExpectedNames = {"Expected", "ConditionalOperator"};
constexpr std::array<MemberName, 2> kUpdateNames = {"UpdateExpression", "ConditionExpression"};
constexpr std::array<MemberName, 3> kUpdateLegacyNames = {"AttributeUpdates", "Expected", "ConditionalOperator"};
constexpr std::array<MemberName, 1> kProjectionNames = {"ProjectionExpression"};
constexpr std::array<MemberName, 1> kAttributesToGetNames = {"AttributesToGet"};

/// The rules of the layer of the service that checks values in that place.
const json::ValueRules& value_rules(Place place) {
  return place == Place::kOperation || place == Place::kNewerTransaction ? json::kCurrentRules : json::kOlderRules;
}
/// The rules for values of expressions. Outside of batches the older layer allows one more level in them.
const json::ValueRules& expression_value_rules(Place place) {
  return place == Place::kTransaction || place == Place::kOperationOfOlderLayer ? json::kTransactionRules
                                                                                : value_rules(place);
}

/// Runs checks of a write that need no table. For Place::kOperation their errors get the prefix of violated
/// constraints, as in the service's validation framework of June 2026.
template <class Checks>
void in_envelope(Place place, Checks checks) {
  try {
    checks();
  } catch (core::ApiError& error) {
    // Errors about attribute names have the same text everywhere.
    const bool has_envelope =
        error.fault == core::Fault::kEmptyAttributeName || error.fault == core::Fault::kLongAttributeName;
    if (place == Place::kOperation && error.type == core::ErrorCode::kValidation && !has_envelope) {
      error.message.insert(0, "1 validation error detected: ");
    }
    throw;
  }
}

/// Whether the value has more than `levels` levels; a scalar is the first level.
bool is_deeper(const json::Value& value, std::size_t levels) {
  json::Object typed;
  if (value.get(typed) != simdjson::SUCCESS) return false;
  if (levels == 0) return true;
  for (const auto content : typed) {
    json::Array list;
    json::Object map;
    if (content.key == "L" && content.value.get(list) == simdjson::SUCCESS) {
      for (const auto element : list) {
        if (is_deeper(element, levels - 1)) return true;
      }
    } else if (content.key == "M" && content.value.get(map) == simdjson::SUCCESS) {
      for (const auto member : map) {
        if (is_deeper(member.value, levels - 1)) return true;
      }
    }
  }
  return false;
}

/// Normalises the item of a transaction's put. The service reports an empty attribute name before faults in values, but
/// one inside a value after a value that is nested too deeply.
json::EncodedItem normalise_transaction_item(const json::Object& item, const json::ValueRules& rules) {
  for (const auto member : item) {
    if (member.key.empty()) throw_validation("Empty attribute name");
  }
  try {
    return json::normalise_item(item, rules);
  } catch (const core::ApiError& error) {
    if (error.fault != core::Fault::kEmptyAttributeName) throw;
    for (const auto member : item) {
      if (is_deeper(member.value, core::kMaxNestingDepth)) {
        throw_validation(
            "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported "
            "limit");
      }
    }
    throw_validation("Empty attribute name");
  }
}

/// Reads table name and options of a write, which members of batches do not have.
void read_write_options(const Members& request, Place place, ItemWrite& write) {
  if (place == Place::kBatch) return;
  write.table_name = table_name(request);
  write.return_old_on_failure = wants_old_on_failure(request);
  if (!is_operation(place)) return;
  write.capacity = read_capacity_detail(request);
  write.item_collection_metrics = wants_item_collection(request);
}

/// Reads the condition; the legacy parameters count only in whole operations.
std::optional<expression::Condition> read_condition(const Members& request, Place place,
                                                    expression::Bindings& bindings) {
  return is_operation(place) ? read_condition(request, bindings, value_rules(place))
                             : read_condition_expression(request, bindings);
}

/// Reads the condition of a put, a delete or a check, which is its only expression.
void read_only_condition(const Members& request, Place place, ItemWrite& write) {
  expression::Bindings bindings = read_bindings(request, expression_value_rules(place));
  write.condition = read_condition(request, place, bindings);
  // An action of a transaction may have names and values without an expression.
  if (write.condition || !is_transaction(place)) bindings.check_all_used();
}

KeyAttributes read_key(const Members& request, Place place) {
  return read_key_attributes(request.required_object("Key"), value_rules(place));
}

/// Makes the first checks of a put or a delete.
void read_put_or_delete_parameters(const Members& request, Place place, ItemWrite& write) {
  if (!is_operation(place)) return;
  check_expression_parameters(request, kConditionNames, kExpectedNames, place == Place::kOperationOfOlderLayer);
  // The older layer checks ReturnValues before the values.
  if (place == Place::kOperationOfOlderLayer) write.return_values = read_return_old(request);
}

}  // namespace

PutItem read_put_item(const Members& request, Place place) {
  PutItem put;
  read_write_options(request, place, put);
  in_envelope(place, [&] {
    read_put_or_delete_parameters(request, place, put);
    const json::Object item = request.required_object("Item");
    const json::ValueRules& rules = value_rules(place);
    put.item = is_transaction(place) ? normalise_transaction_item(item, rules) : json::normalise_item(item, rules);
    if (is_operation(place)) put.return_values = read_return_old(request);
  });
  if (put.item.size_bytes > core::kMaxItemSizeBytes) {
    throw_validation("Item size has exceeded the maximum allowed size");
  }
  if (place != Place::kBatch) in_envelope(place, [&] { read_only_condition(request, place, put); });
  return put;
}

DeleteItem read_delete_item(const Members& request, Place place) {
  DeleteItem deletion;
  read_write_options(request, place, deletion);
  in_envelope(place, [&] {
    read_put_or_delete_parameters(request, place, deletion);
    if (!is_transaction(place)) deletion.key = read_key(request, place);
    if (is_operation(place)) deletion.return_values = read_return_old(request);
    if (place != Place::kBatch) read_only_condition(request, place, deletion);
    // A transaction checks an action's expressions before its key.
    if (is_transaction(place)) deletion.key = read_key(request, place);
  });
  return deletion;
}

UpdateItem read_update_item(const Members& request, Place place) {
  UpdateItem update;
  read_write_options(request, place, update);
  in_envelope(place, [&] {
    if (is_operation(place)) {
      check_expression_parameters(request, kUpdateNames, kUpdateLegacyNames, place == Place::kOperationOfOlderLayer);
      update.key = read_key(request, place);
      update.return_values = read_return_values(request);
    }
    expression::Bindings bindings = read_bindings(request, expression_value_rules(place));
    // The current layer checks the condition first.
    if (place == Place::kOperation) update.condition = read_condition(request, place, bindings);
    if (const auto text = request.text("UpdateExpression")) {
      update.update = expression::bind_update(*text, bindings);
    } else if (is_operation(place) && request.has_members("AttributeUpdates")) {
      update.update =
          expression::update_from_attribute_updates(request.required_object("AttributeUpdates"), value_rules(place));
    }
    if (place != Place::kOperation) update.condition = read_condition(request, place, bindings);
    bindings.check_all_used();
    if (!is_operation(place)) update.key = read_key(request, place);
    update.statement_is_limited = place == Place::kOperation || place == Place::kNewerTransaction;
  });
  return update;
}

ConditionCheck read_condition_check(const Members& request, Place place) {
  ConditionCheck check;
  read_write_options(request, place, check);
  read_only_condition(request, place, check);
  check.key = read_key(request, place);
  return check;
}

GetItem read_get_item(const Members& request, Place place) {
  if (place == Place::kOperation) {
    check_expression_parameters(request, kProjectionNames, kAttributesToGetNames);
  }
  GetItem get;
  get.table_name = table_name(request);
  get.key = read_key(request, place);
  expression::Bindings bindings = read_name_bindings(request);
  get.projection =
      place == Place::kOperation ? read_projection(request, bindings) : read_projection_expression(request, bindings);
  // An action of a transaction may have names without an expression.
  if (get.projection || place == Place::kOperation) bindings.check_all_used();
  if (place != Place::kOperation) return get;
  get.consistent_read = request.flag("ConsistentRead");
  get.capacity = read_capacity_detail(request);
  return get;
}

}  // namespace stator::api
