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
  /// Where the page starts: a PatternReply::next_token; empty for the first page.
  std::string next_token;
};

struct PatternReply {
  /// The service's reply.
  std::string json;
  /// "my-uuid: …"; empty if the pattern has no heading.
  std::string heading;
  /// The value for `--next`; empty if there is no further page.
  std::string next_token;
};

/// Sends the pattern's request. Throws OperationError, and model::ParameterError (also for a token of another pattern).
PatternReply run_pattern(endpoint::Endpoint& endpoint, const model::Pattern& pattern, UserDirectory& users,
                         const PatternRequest& request);

/// The items, as wire JSON, in a reply of any operation that a pattern may have.
std::vector<std::string> items_of_reply(std::string_view reply);
/// The sum of CapacityUnits in a reply's ConsumedCapacity.
double capacity_of_reply(std::string_view reply);
/// The reply's ConsumedCapacity as JSON; empty if it has none.
std::string consumed_capacity_json(std::string_view reply);

/// Formats an item as a line with the pattern's columns: strings and numbers as they are, other types as JSON, missing
/// attributes as empty text; line breaks become spaces.
std::string format_line(const std::vector<model::Column>& columns, std::string_view item_json);

}  // namespace stator::toolkit
