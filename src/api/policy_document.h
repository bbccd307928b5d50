#pragma once

#include <string>
#include <string_view>

/// Resource-based policies: IAM's policy documents as DynamoDB accepts and returns them.
namespace stator::api {

/// What a policy is attached to.
struct PolicyTarget {
  std::string_view account_id;
  bool stream = false;
};

struct PolicyDocument {
  /// Minified, members in IAM's order (Version, Id, Statement; Sid, Effect, Principal, Action, Resource, Condition),
  /// lists of one as the element, accounts as the ARN of their root, each principal once. Two documents that mean the
  /// same have the same text; one without Version stays without (`shown_policy` adds it).
  std::string text;
  /// With this policy, the account that owns the resource could not put another one.
  bool locks_owner_out = false;
};

/// Throws ValidationException in the service's words. Source of rules and words: the AWS controller for Kubernetes'
/// measurements, October 2026.
PolicyDocument read_policy(std::string_view document, const PolicyTarget& target);

/// The stored text as GetResourcePolicy returns it: with the version that IAM assumes where none was given.
std::string shown_policy(std::string_view text);

}  // namespace stator::api
