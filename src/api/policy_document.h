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
  /// The canonical text: minified; members in IAM's order (Version, Id, Statement; Sid, Effect, Principal, Action,
  /// Resource, Condition); lists of one replaced by the element; accounts as the ARN of their root; each principal
  /// once. Documents with the same meaning have the same text. A missing Version stays missing (`shown_policy` adds
  /// it).
  std::string text;
  /// Whether under this policy the account that owns the resource could not put another policy.
  bool locks_owner_out = false;
};

/// Throws ValidationException with the service's texts. Source of rules and texts: the AWS controller for Kubernetes'
/// measurements, October 2026.
PolicyDocument read_policy(std::string_view document, const PolicyTarget& target);

/// The text that GetResourcePolicy returns: the stored one, with the version that IAM assumes if none was given.
std::string shown_policy(std::string_view text);

}  // namespace stator::api
