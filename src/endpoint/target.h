#pragma once

#include <string_view>
#include <utility>

#include "endpoint/endpoint.h"

namespace stator::endpoint {

/// What X-Amz-Target begins with, before the operation's name.
inline constexpr std::pair<std::string_view, Service> kTargetPrefixes[] = {
    {"DynamoDB_20120810.", Service::kDynamoDb},
    {"DynamoDBStreams_20120810.", Service::kDynamoDbStreams},
};

}  // namespace stator::endpoint
