#include <algorithm>
#include <set>

#include "api/operations.h"
#include "api/regions.h"
#include "api/reply.h"
#include "api/resource_arn.h"
#include "api/table_description.h"
#include "api/tags.h"
#include "api/throughput.h"
#include "core/api_error.h"

/// Operations on tags, time to live, limits and endpoints.
namespace stator::api {

using core::throw_validation;

namespace {

[[noreturn]] void refuse(Call& call, const char* action, const std::string& arn) {
  throw core::ApiError(core::ErrorCode::kAccessDenied, "User: arn:aws:iam::" + call.context.account_id +
                                                           ":root is not authorized to perform: dynamodb:" + action +
                                                           " on resource: " + arn);
}

std::string resource_arn(const Call& call) {
  return std::string(call.request.text("ResourceArn").value_or(std::string_view{}));
}

[[noreturn]] void throw_not_tagged(const std::string& arn) {
  core::throw_resource_not_found("Requested resource not found: ResourceArn: " + arn + " not found");
}

/// A table, or a stream of it (then `stream_label` is not empty).
struct Tagged {
  std::string table;
  std::string stream_label;
};

/// Reads ResourceArn. Throws the service's errors for ARNs of other resources or accounts.
Tagged tagged_resource(Call& call, const char* action) {
  constexpr std::size_t kShortestName = 3;
  const std::string arn = resource_arn(call);
  const ResourceName name = read_resource_arn(call, arn, [&] { refuse(call, action, arn); });
  if (!name.own_partition_and_region || name.table.size() < kShortestName) {
    throw_validation("Invalid TableArn: Invalid ResourceArn provided as input " + arn);
  }
  if (name.arn.account != call.context.account_id) throw_access_denied();
  return {std::string(name.table), std::string(name.stream_label)};
}

/// Throws if the table or stream is missing, or if the table is being created or restored.
engine::TablePtr find_tagged(Call& call, const Tagged& resource) {
  const std::string& name = resource.table;
  if (const engine::TablePtr table = find_table(call, name); table != nullptr && table->restore)
    throw_table_not_found(name);
  engine::TablePtr table = find_created_table(call, name);
  const bool there =
      table != nullptr && (resource.stream_label.empty() || resource.stream_label == table->stream_label);
  if (!there) throw_not_tagged(resource_arn(call));
  return table;
}

/// The tags of the table's last stream, which are separate from the table's. Forgets those of an earlier stream.
Tags& stream_tags(engine::Table& table) {
  if (table.stream_tags_label != table.stream_label) table.stream_tags.clear();
  table.stream_tags_label = table.stream_label;
  return table.stream_tags;
}

/// Whether a change of the table's tags is in progress, which occurs only with a transition delay. Readers then see the
/// former tags, and another change is accepted only if it contains all tags that this one adds.
bool are_tags_changing(const Call& call, const engine::Table& table) {
  return call.engine().clock().now_ms() < table.tags_until_ms;
}

/// The tags that readers of the resource see.
const Tags& shown_tags(const Call& call, const engine::Table& table, const Tagged& resource) {
  static const Tags kNone;
  if (resource.stream_label.empty()) return are_tags_changing(call, table) ? table.tags_before : table.tags;
  return table.stream_tags_label == resource.stream_label ? table.stream_tags : kNone;
}

/// Whether `given` has every tag that the change in progress adds; false if that only removes tags.
bool holds_change(const Tags& given, const engine::Table& table) {
  const auto lacks = [](const Tags& tags, const Tags::value_type& tag) {
    return std::ranges::find(tags, tag) == tags.end();
  };
  bool gives = false;
  for (const Tags::value_type& tag : table.tags) {
    if (!lacks(table.tags_before, tag)) continue;
    if (lacks(given, tag)) return false;
    gives = true;
  }
  return gives;
}

[[noreturn]] void throw_tags_changing(const engine::Table& table) {
  throw core::ApiError(core::ErrorCode::kLimitExceeded,
                       "Subscriber limit exceeded: Table tags are being updated: " + table.name);
}

}  // namespace

void tag_resource(Call& call) {
  const json::Array tags = call.request.required_array("Tags");
  const Tagged resource = tagged_resource(call, "TagResource");
  if (tags.size() == 0) throw_validation("Atleast one Tag needs to be provided as Input.");
  Tags given;
  merge_tags(tags, given);
  find_tagged(call, resource);
  annotate_table(call, resource.table, [&](engine::Table& table) {
    if (!resource.stream_label.empty()) return merge_tags(tags, stream_tags(table));
    if (are_tags_changing(call, table) && !holds_change(given, table)) throw_tags_changing(table);
    merge_tags(tags, table.tags);
  });
}

void untag_resource(Call& call) {
  const json::Array keys = call.request.required_array("TagKeys");
  const Tagged resource = tagged_resource(call, "UntagResource");
  if (keys.size() == 0) throw_validation("Atleast one Tag Key needs to be provided as Input.");
  check_tag_keys(keys);
  find_tagged(call, resource);
  std::set<std::string_view> removed;
  for (const auto key : keys) removed.insert(key.get_string());
  annotate_table(call, resource.table, [&](engine::Table& table) {
    const bool of_table = resource.stream_label.empty();
    if (of_table && are_tags_changing(call, table)) throw_tags_changing(table);
    Tags& tags = of_table ? table.tags : stream_tags(table);
    std::erase_if(tags, [&](const auto& tag) { return removed.contains(tag.first); });
  });
}

void list_tags_of_resource(Call& call) {
  const Tagged resource = tagged_resource(call, "ListTagsOfResource");
  // At the service no account has the default id, and the tags of its tables are refused like those of any other
  // account.
  if (call.context.account_id == kDefaultAccountId && find_table(call, resource.table) == nullptr)
    throw_access_denied();
  const engine::TablePtr table = find_tagged(call, resource);
  ObjectWriter writer(call.reply);
  ArrayWriter tags(writer.key("Tags"));
  for (const auto& [key, value] : shown_tags(call, *table, resource)) {
    ObjectWriter tag(tags.element());
    tag.text("Key", key);
    tag.text("Value", value);
    tag.end();
  }
  tags.end();
  writer.end();
}

void describe_time_to_live(Call& call) {
  const std::string name(table_name(call.request));
  const engine::TablePtr table = find_whole_table(call, name);
  if (!table) throw_table_not_found(name);
  if (!table->replicas.empty()) check_created(*table);
  if (table->status == engine::TableStatus::kCreating || table->status == engine::TableStatus::kDeleting) {
    const std::string status(status_name(table->status));
    throw_validation("Cannot describe time to live while table is in " + status + " state: Current table state is " +
                     status);
  }
  ObjectWriter writer(call.reply);
  ObjectWriter description(writer.key("TimeToLiveDescription"));
  description.text("TimeToLiveStatus", table->ttl_attribute.empty() ? "DISABLED" : "ENABLED");
  if (!table->ttl_attribute.empty()) description.text("AttributeName", table->ttl_attribute);
  description.end();
  writer.end();
}

void update_time_to_live(Call& call) {
  const Members specification(call.request.required_object("TimeToLiveSpecification"));
  const std::string attribute(specification.text("AttributeName").value_or(std::string_view{}));
  const bool enabled = specification.flag("Enabled");
  annotate_table(call, table_name(call.request), [&](engine::Table& table) {
    check_created(table);
    check_no_region_being_added(call, table);
    if (enabled && table.ttl_attribute == attribute) throw_validation("TimeToLive is already enabled");
    if (enabled && !table.ttl_attribute.empty()) {
      throw_validation("TimeToLive is active on a different AttributeName: current AttributeName is " +
                       table.ttl_attribute);
    }
    if (!enabled && table.ttl_attribute.empty()) throw_validation("TimeToLive is already disabled");
    if (!enabled && table.ttl_attribute != attribute) {
      throw_validation("TimeToLive is active on a different AttributeName: current AttributeName is " +
                       table.ttl_attribute);
    }
    if (call.engine().clock().now_ms() < table.ttl_until_ms) {
      throw_validation("Time to live has been modified multiple times within a fixed interval");
    }
    table.ttl_attribute = enabled ? attribute : std::string();
  });
  ObjectWriter writer(call.reply);
  ObjectWriter echoed(writer.key("TimeToLiveSpecification"));
  echoed.text("AttributeName", attribute);
  echoed.flag("Enabled", enabled);
  echoed.end();
  writer.end();
}

void describe_limits(Call& call) {
  ObjectWriter writer(call.reply);
  writer.integer("AccountMaxReadCapacityUnits", kMaxAccountCapacityUnits);
  writer.integer("AccountMaxWriteCapacityUnits", kMaxAccountCapacityUnits);
  writer.integer("TableMaxReadCapacityUnits", kMaxTableCapacityUnits);
  writer.integer("TableMaxWriteCapacityUnits", kMaxTableCapacityUnits);
  writer.end();
}

void describe_endpoints(Call& call) {
  // The answer names the host that was called, so that SDKs with endpoint discovery stay with it.
  ObjectWriter writer(call.reply);
  ArrayWriter endpoints(writer.key("Endpoints"));
  ObjectWriter endpoint(endpoints.element());
  endpoint.text("Address", call.context.address);
  endpoint.integer("CachePeriodInMinutes", 1440);
  endpoint.end();
  endpoints.end();
  writer.end();
}

}  // namespace stator::api
