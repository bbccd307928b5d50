#include "api/rollout.h"

#include <algorithm>
#include <span>

namespace stator::api {

namespace {

constexpr std::string_view kWrites[] = {"eu-south-2", "me-central-1"};
constexpr std::string_view kBatchGets[] = {"me-central-1"};
constexpr std::string_view kBatchWrites[] = {"ap-east-2", "ap-southeast-1", "eu-central-1", "eu-north-1", "eu-west-2"};
constexpr std::string_view kScans[] = {"af-south-1",     "ap-east-2",      "ap-northeast-2", "ap-southeast-1",
                                       "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "eu-central-1",
                                       "eu-west-2",      "us-west-1"};
constexpr std::string_view kTransactions[] = {"ap-northeast-2", "eu-north-1", "eu-west-2"};

std::span<const std::string_view> deviating_regions(Rollout rollout) {
  switch (rollout) {
    case Rollout::kNone:
      return {};
    case Rollout::kWrites:
      return kWrites;
    case Rollout::kBatchGets:
      return kBatchGets;
    case Rollout::kBatchWrites:
      return kBatchWrites;
    case Rollout::kScans:
      return kScans;
    case Rollout::kTransactions:
      return kTransactions;
  }
  return {};
}

}  // namespace

bool deviates(Rollout rollout, std::string_view region) {
  return std::ranges::find(deviating_regions(rollout), region) != deviating_regions(rollout).end();
}

}  // namespace stator::api
