#pragma once

#include <string_view>
#include <utility>

#include "endpoint/endpoint.h"

namespace stator::endpoint {

/// The prefixes of X-Amz-Target before the operation's name.
inline constexpr std::pair<std::string_view, Service> kTargetPrefixes[] = {
    {"DynamoDB_20120810.", Service::kDynamoDb},
    {"DynamoDBStreams_20120810.", Service::kDynamoDbStreams},
};

}  // namespace stator::endpoint
