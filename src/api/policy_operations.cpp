#include <algorithm>
#include <string>

#include "api/operations.h"
#include "api/policy_document.h"
#include "api/regions.h"
#include "api/reply.h"
#include "api/resource_arn.h"
#include "core/api_error.h"

/// GetResourcePolicy, PutResourcePolicy, DeleteResourcePolicy. Policies are stored and described, but not enforced.
/// Source of the texts: the AWS controller for Kubernetes' measurements of October 2026 and moto's tests that were
/// verified on AWS.
namespace stator::api {
namespace {

ResourceName policy_target(const Call& call) {
  const std::string_view arn = call.request.required_text("ResourceArn");
  const ResourceName name = read_resource_arn(call, arn, [arn] {
    core::throw_invalid_parameters(std::string("Provided Arn is not a DynamoDB resource arn: ").append(arn));
  });
  if (!name.own_partition_and_region) core::throw_invalid_parameters(std::string("Invalid resource Arn: ").append(arn));
  if (name.arn.account != call.context.account_id) {
    core::throw_validation("This action is only supported by accounts that match the resource owner’s account.");
  }
  return name;
}

[[noreturn]] void throw_no_policy(const std::string& what) {
  throw core::ApiError(core::ErrorCode::kPolicyNotFound,
                       "Resource-based policy not found for the provided ResourceArn: " + what);
}

/// Throws ResourceNotFoundException if the table or stream does not exist.
void check_target_exists(const engine::Table* table, const ResourceName& target) {
  const std::string name(target.table);
  if (table == nullptr) throw_table_not_found(name);
  if (target.stream_label.empty() || target.stream_label == table->stream_label) return;
  core::throw_resource_not_found("Requested resource not found: Stream: " + std::string(target.stream_label) +
                                 " not found for Table: " + name);
}

const engine::ResourcePolicy& policy_of(const engine::Table& table, const ResourceName& target) {
  static const engine::ResourcePolicy kNone;
  if (target.stream_label.empty()) return table.policy;
  return target.stream_label == table.stream_policy_label ? table.stream_policy : kNone;
}

void set_policy(engine::Table& table, const ResourceName& target, engine::ResourcePolicy policy) {
  if (target.stream_label.empty()) {
    table.policy = std::move(policy);
  } else {
    table.stream_policy = std::move(policy);
    table.stream_policy_label = target.stream_label;
  }
}

/// A revision is the time of the change, but later than the one before.
std::int64_t next_revision(const Call& call, const engine::ResourcePolicy& before) {
  return std::max(call.engine().clock().now_ms(), before.revision_ms + 1);
}

void check_expected_revision(const Call& call, const ResourceName& target, const engine::ResourcePolicy& current) {
  const auto expected = call.request.text("ExpectedRevisionId");
  if (!expected) return;
  const bool none = current.document.empty();
  const std::string revision = std::to_string(current.revision_ms);
  const std::string table(target.table);
  if (expected == "NO_POLICY") {
    if (none) return;
    throw_no_policy("Requested policy update expecting none to be present for table " + table +
                    ", but a policy exists with revision id " + revision + ".");
  }
  const std::string requested = "Requested update for policy with revision id " + std::string(*expected) + ", but ";
  if (none) throw_no_policy(requested + "table " + table + " has no associated policy.");
  if (expected == revision) return;
  throw_no_policy(requested + "the policy associated to target table " + table + " has revision id " + revision + ".");
}

void reply_with_revision(Call& call, std::int64_t revision_ms) {
  ObjectWriter writer(call.reply);
  if (revision_ms != 0) writer.text("RevisionId", std::to_string(revision_ms));
  writer.end();
}

}  // namespace

void get_resource_policy(Call& call) {
  const ResourceName target = policy_target(call);
  const engine::TablePtr table = find_created_table(call, target.table);
  check_target_exists(table.get(), target);
  const engine::ResourcePolicy& policy = policy_of(*table, target);
  if (policy.document.empty()) throw_no_policy(std::string(call.request.required_text("ResourceArn")));
  ObjectWriter writer(call.reply);
  writer.text("Policy", shown_policy(policy.document));
  writer.text("RevisionId", std::to_string(policy.revision_ms));
  writer.end();
}

void put_resource_policy(Call& call) {
  const ResourceName target = policy_target(call);
  const bool of_stream = !target.stream_label.empty();
  const PolicyDocument document =
      read_policy(call.request.required_text("Policy"), {.account_id = call.context.account_id, .stream = of_stream});
  check_target_exists(find_created_table(call, target.table).get(), target);
  if (document.locks_owner_out && !call.request.flag("ConfirmRemoveSelfResourceAccess")) {
    throw core::ApiError(core::ErrorCode::kAccessDenied,
                         "The new resource policy will not allow you to update the resource policy in the future.");
  }
  std::int64_t revision_ms = 0;
  annotate_table(call, target.table, [&](engine::Table& table) {
    check_target_exists(&table, target);
    const engine::ResourcePolicy before = policy_of(table, target);
    check_expected_revision(call, target, before);
    const bool same = before.document == document.text;
    revision_ms = same ? before.revision_ms : next_revision(call, before);
    if (!same) set_policy(table, target, {.document = document.text, .revision_ms = revision_ms});
  });
  reply_with_revision(call, revision_ms);
}

void delete_resource_policy(Call& call) {
  const ResourceName target = policy_target(call);
  check_target_exists(find_created_table(call, target.table).get(), target);
  // A deletion without a policy returns the revision of the last deletion, if there was one.
  std::int64_t revision_ms = 0;
  annotate_table(call, target.table, [&](engine::Table& table) {
    check_target_exists(&table, target);
    const engine::ResourcePolicy before = policy_of(table, target);
    check_expected_revision(call, target, before);
    revision_ms = before.revision_ms;
    if (!before.document.empty())
      set_policy(table, target, {.document = {}, .revision_ms = next_revision(call, before)});
  });
  reply_with_revision(call, revision_ms);
}

}  // namespace stator::api
