#include "api/requests/transaction_requests.h"

#include "api/canonical_request.h"
#include "core/api_error.h"

namespace stator::api {

using core::throw_validation;

namespace {

/// One element of TransactItems: the kind of its action, and the action's structure.
struct ActionMember {
  std::string_view kind;
  Members action;
};

ActionMember read_action_member(const Members& element) {
  std::optional<ActionMember> found;
  for (const char* kind : {"ConditionCheck", "Put", "Delete", "Update"}) {
    const auto object = element.object(kind);
    if (!object) continue;
    if (found) throw_validation("TransactItems can only contain one of Check, Put, Update or Delete");
    found = ActionMember{kind, Members(*object)};
  }
  if (!found) {
    throw_validation("Invalid Request: TransactWriteRequest should contain Delete or Put or Update request");
  }
  return *found;
}

Place place_of(bool deviates) { return deviates ? Place::kNewerTransaction : Place::kTransaction; }

TransactWrite read_action(const ActionMember& member, Place place) {
  if (member.kind == "Put") return read_put_item(member.action, place);
  if (member.kind == "Delete") return read_delete_item(member.action, place);
  if (member.kind == "Update") return read_update_item(member.action, place);
  return read_condition_check(member.action, place);
}

}  // namespace

const ItemWrite& common_part(const TransactWrite& action) {
  return std::visit([](const auto& request) -> const ItemWrite& { return request; }, action);
}

TransactWriteItems read_transact_write_items(const Members& request, bool deviates) {
  TransactWriteItems transaction;
  transaction.token = request.text("ClientRequestToken").value_or(std::string_view{});
  transaction.capacity = read_capacity_detail(request);
  transaction.item_collection_metrics = wants_item_collection(request);
  const auto elements = request.required_array("TransactItems");
  transaction.actions.reserve(elements.size());
  std::vector<ActionMember> members;
  for (const auto element : elements) {
    members.push_back(read_action_member(Members(element.get_object())));
    transaction.actions.push_back(read_action(members.back(), place_of(deviates)));
  }
  if (transaction.token.empty()) return transaction;
  transaction.canonical_text = "TransactWriteItems";
  for (const auto& [kind, action] : members) {
    transaction.canonical_text += '\n';
    append_canonical_action(kind, action, transaction.canonical_text);
  }
  return transaction;
}

TransactGetItems read_transact_get_items(const Members& request, bool deviates) {
  TransactGetItems transaction;
  transaction.capacity = read_capacity_detail(request);
  const auto elements = request.required_array("TransactItems");
  transaction.gets.reserve(elements.size());
  for (const auto element : elements) {
    const Members get(Members(element.get_object()).required_object("Get"));
    transaction.gets.push_back(read_get_item(get, place_of(deviates)));
  }
  return transaction;
}

}  // namespace stator::api
