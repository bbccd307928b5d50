#pragma once

#include <string>
#include <string_view>

#include "api/members.h"

/// The canonical text of a request, for comparing a repeated request with the first. The order of members, the notation
/// of numbers and members such as ReturnConsumedCapacity make no difference.
namespace stator::api {

/// Appends one action of a TransactWriteItems; `kind` is Put, Update, Delete or ConditionCheck.
void append_canonical_action(std::string_view kind, const Members& action, std::string& out);

}  // namespace stator::api
