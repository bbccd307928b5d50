#include "api/requests/item_requests.h"

#include <array>

#include "api/call.h"
#include "api/requests/expressions.h"
#include "core/api_error.h"
#include "core/limits.h"
#include "expression/legacy.h"
#include "expression/parameters.h"

namespace stator::api {

using core::throw_validation;

namespace {

constexpr std::array<std::string_view, 1> kConditionNames = {"ConditionExpression"};
constexpr std::array<std::string_view, 1> kExpectedNames = {"Expected"};
constexpr std::array<std::string_view, 2> kUpdateNames = {"UpdateExpression", "ConditionExpression"};
constexpr std::array<std::string_view, 2> kUpdateLegacyNames = {"AttributeUpdates", "Expected"};
constexpr std::array<std::string_view, 1> kProjectionNames = {"ProjectionExpression"};
constexpr std::array<std::string_view, 1> kAttributesToGetNames = {"AttributesToGet"};

/// What a write says of itself beside its condition. Members of batches have nothing of it.
void read_write_options(const Members& request, Place place, ItemWrite& write) {
  if (place == Place::kBatch) return;
  write.table_name = table_name(request);
  write.return_old_on_failure = wants_old_on_failure(request);
  if (place != Place::kOperation) return;
  write.capacity = read_capacity_detail(request);
  write.item_collection_metrics = wants_item_collection(request);
}

/// Only operations of their own know the parameters from before expressions.
std::optional<expression::Condition> read_condition(const Members& request, Place place,
                                                    expression::Bindings& bindings) {
  return place == Place::kOperation ? read_condition(request, bindings) : read_condition_expression(request, bindings);
}

/// The condition of a put, a delete or a check, which is its only expression.
void read_only_condition(const Members& request, Place place, ItemWrite& write) {
  expression::Bindings bindings = read_bindings(request);
  write.condition = read_condition(request, place, bindings);
  bindings.check_all_used();
}

}  // namespace

PutItem read_put_item(const Members& request, Place place) {
  if (place == Place::kOperation) {
    expression::check_expression_parameters(request.json(), kConditionNames, kExpectedNames);
  }
  PutItem put;
  read_write_options(request, place, put);
  put.item = json::normalise_item(request.required_object("Item"));
  if (place == Place::kOperation) put.return_values = read_return_old(request);
  if (put.item.size_bytes > core::kMaxItemSizeBytes) {
    throw_validation("Item size has exceeded the maximum allowed size");
  }
  if (place != Place::kBatch) read_only_condition(request, place, put);
  return put;
}

DeleteItem read_delete_item(const Members& request, Place place) {
  if (place == Place::kOperation) {
    expression::check_expression_parameters(request.json(), kConditionNames, kExpectedNames);
  }
  DeleteItem deletion;
  read_write_options(request, place, deletion);
  deletion.key = read_key_attributes(request.required_object("Key"));
  if (place == Place::kOperation) deletion.return_values = read_return_old(request);
  if (place != Place::kBatch) read_only_condition(request, place, deletion);
  return deletion;
}

UpdateItem read_update_item(const Members& request, Place place) {
  if (place == Place::kOperation) {
    expression::check_expression_parameters(request.json(), kUpdateNames, kUpdateLegacyNames);
  }
  UpdateItem update;
  read_write_options(request, place, update);
  update.key = read_key_attributes(request.required_object("Key"));
  if (place == Place::kOperation) update.return_values = read_return_values(request);
  expression::Bindings bindings = read_bindings(request);
  if (const auto text = request.text("UpdateExpression")) {
    update.update = expression::bind_update(*text, bindings);
  } else if (place == Place::kOperation && request.has_members("AttributeUpdates")) {
    update.update = expression::update_from_attribute_updates(request.required_object("AttributeUpdates"));
  }
  update.condition = read_condition(request, place, bindings);
  bindings.check_all_used();
  return update;
}

ConditionCheck read_condition_check(const Members& request) {
  ConditionCheck check;
  read_write_options(request, Place::kTransaction, check);
  check.key = read_key_attributes(request.required_object("Key"));
  read_only_condition(request, Place::kTransaction, check);
  return check;
}

GetItem read_get_item(const Members& request, Place place) {
  if (place == Place::kOperation) {
    expression::check_expression_parameters(request.json(), kProjectionNames, kAttributesToGetNames);
  }
  GetItem get;
  get.table_name = table_name(request);
  get.key = read_key_attributes(request.required_object("Key"));
  expression::Bindings bindings = read_bindings(request);
  get.projection =
      place == Place::kOperation ? read_projection(request, bindings) : read_projection_expression(request, bindings);
  bindings.check_all_used();
  if (place != Place::kOperation) return get;
  get.consistent_read = request.flag("ConsistentRead");
  get.capacity = read_capacity_detail(request);
  return get;
}

}  // namespace stator::api
