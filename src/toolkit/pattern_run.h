#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "endpoint/endpoint.h"
#include "model/model.h"
#include "toolkit/call.h"
#include "toolkit/users.h"

/// Runs declared access patterns.
namespace stator::toolkit {

struct PatternRequest {
  model::ParameterValues parameters;
  /// The start of a page, from PatternReply::next_token; empty: the first page.
  std::string next_token;
};

struct PatternReply {
  /// The service's reply.
  std::string json;
  /// "my-uuid: …"; empty where the pattern has no heading.
  std::string heading;
  /// For `--next`; empty where there is no further page.
  std::string next_token;
};

/// Sends the pattern's request. Throws OperationError, model::ParameterError (also for a token that is not this
/// pattern's).
PatternReply run_pattern(endpoint::Endpoint& endpoint, const model::Pattern& pattern, UserDirectory& users,
                         const PatternRequest& request);

/// The items in a reply of any of a pattern's operations, each as wire JSON.
std::vector<std::string> items_of_reply(std::string_view reply);
/// The sum of CapacityUnits in a reply's ConsumedCapacity.
double capacity_of_reply(std::string_view reply);
/// The reply's ConsumedCapacity as JSON; empty where it has none.
std::string consumed_capacity_json(std::string_view reply);

/// One item as a line by the pattern's columns: strings and numbers as they are, other types as JSON, what is absent
/// empty; line breaks become spaces.
std::string format_line(const std::vector<model::Column>& columns, std::string_view item_json);

}  // namespace stator::toolkit
