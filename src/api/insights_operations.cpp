#include <algorithm>
#include <string>
#include <vector>

#include "api/call.h"
#include "api/operations.h"
#include "api/regions.h"
#include "api/reply.h"
#include "core/api_error.h"
#include "core/base64.h"

/// Contributor insights of tables and global indexes: the setting, its states and the names of its rules. Source of
/// states and texts: the AWS controller for Kubernetes' measurements, October 2026.
namespace stator::api {

using core::throw_validation;

namespace {

constexpr std::string_view kAccessedAndThrottled = "ACCESSED_AND_THROTTLED_KEYS";
constexpr std::int64_t kMaxResults = 100;

/// The table or index that insights belong to; `index` is empty for a table.
struct Owner {
  std::string_view table;
  std::string_view index;
};

Owner owner_of(const Call& call) {
  return {.table = table_name(call.request), .index = call.request.text("IndexName").value_or(std::string_view{})};
}

/// The insights of a table or index; `Table` may be const.
template <class Table>
auto& insights_of(Table& table, const Owner& owner) {
  if (owner.index.empty()) return table.insights;
  // An index for which resources are still being allocated does not exist for insights.
  const auto is_known = [](const engine::Index& index) {
    return index.global && (index.status != engine::TableStatus::kCreating || index.backfilling);
  };
  const auto found = std::ranges::find_if(
      table.indexes, [&](const engine::Index& index) { return is_known(index) && index.name == owner.index; });
  if (found != table.indexes.end()) return found->insights;
  core::throw_resource_not_found("Requested resource not found: Index: " + std::string(owner.index) +
                                 " not found for table: " + std::string(owner.table));
}

std::string_view status_of(const engine::Insights& insights, std::int64_t now_ms) {
  const bool settled = now_ms >= insights.status_until_ms;
  if (insights.enabled) return settled ? "ENABLED" : "ENABLING";
  return settled ? "DISABLED" : "DISABLING";
}

void append_owner(ObjectWriter& writer, const Owner& owner) {
  writer.text("TableName", owner.table);
  if (!owner.index.empty()) writer.text("IndexName", owner.index);
}

/// Appends the names of the service's CloudWatch rules: for the most accessed (C) and most throttled (T) partition keys
/// and, if the schema has one, sort keys.
void append_rules(const Owner& owner, const engine::Insights& insights, const core::KeySchema& schema,
                  ObjectWriter& writer) {
  ArrayWriter rules(writer.key("ContributorInsightsRuleList"));
  const std::string index = owner.index.empty() ? std::string() : "-" + std::string(owner.index);
  for (const std::string_view kind : {"PKC", "PKT", "SKC", "SKT"}) {
    if (kind[0] == 'S' && schema.range.empty()) continue;
    if (kind[2] == 'C' && insights.mode != kAccessedAndThrottled) continue;
    rules.element() += "\"DynamoDBContributorInsights-" + std::string(kind) + "-" + std::string(owner.table) + index +
                       "-" + std::to_string(insights.rules_ms) + "\"";
  }
  rules.end();
}

void check_state(const engine::Table& table, const Owner& owner) {
  const auto refuse = [](const char* what) {
    throw_validation(std::string("Table or Index is not in a valid state to update Key Access Insights: ") + what +
                     " must be ACTIVE to enable ContributorInsights.");
  };
  if (table.status == engine::TableStatus::kCreating || table.status == engine::TableStatus::kDeleting) {
    refuse("TableStatus");
  }
  const engine::Index* index = owner.index.empty() ? nullptr : table.index(owner.index);
  if (index != nullptr && index->status == engine::TableStatus::kCreating) refuse("IndexStatus");
}

/// One line of ListContributorInsights.
struct Summary {
  std::string table;
  std::string index;
  std::string_view status;
  std::string mode;
};

/// Appends the line of the table, then those of its indexes.
void append_summaries(const engine::Table& table, std::int64_t now_ms, std::vector<Summary>& summaries) {
  const auto append = [&](const std::string& index, const engine::Insights& insights) {
    summaries.push_back({table.name, index, status_of(insights, now_ms), insights.mode});
  };
  append({}, table.insights);
  for (const engine::Index& index : table.indexes) {
    if (!index.vector) append(index.name, index.insights);
  }
}

std::vector<Summary> summaries_of(const Call& call) {
  const std::int64_t now_ms = call.engine().clock().now_ms();
  std::vector<Summary> summaries;
  if (const auto name = call.request.text("TableName")) {
    const engine::TablePtr table = find_whole_table(call, table_name_from(*name));
    if (!table) throw_table_not_found(table_name_from(*name));
    append_summaries(*table, now_ms, summaries);
    return summaries;
  }
  constexpr std::size_t kNamesAtOnce = 100;
  std::string after;
  while (true) {
    const std::vector<std::string> names = call.engine().list_tables(after, kNamesAtOnce);
    for (const std::string& name : names) {
      if (const engine::TablePtr table = find_whole_table(call, name)) append_summaries(*table, now_ms, summaries);
    }
    if (names.size() < kNamesAtOnce) return summaries;
    after = names.back();
  }
}

/// A token consists of the table and index of the last line.
std::string write_token(const Summary& last) { return core::base64_encode(last.table + "/" + last.index); }

std::size_t position_after(const std::vector<Summary>& summaries, std::string_view token) {
  const auto text = core::base64_decode(token);
  if (!text) throw_validation("Invalid NextToken");
  const std::size_t slash = text->find('/');
  if (slash == std::string::npos) throw_validation("Invalid NextToken");
  const std::string table = text->substr(0, slash);
  const std::string index = text->substr(slash + 1);
  // Tables and indexes may be created and deleted between pages, so continue after where the last line would be.
  for (std::size_t i = 0; i < summaries.size(); ++i) {
    if (summaries[i].table == table && summaries[i].index == index) return i + 1;
  }
  const auto next = std::ranges::find_if(summaries, [&](const Summary& summary) { return summary.table > table; });
  return static_cast<std::size_t>(next - summaries.begin());
}

}  // namespace

void describe_contributor_insights(Call& call) {
  const Owner owner = owner_of(call);
  const engine::TablePtr table = find_whole_table(call, owner.table);
  if (!table) throw_table_not_found(owner.table);
  const engine::Insights& insights = insights_of(*table, owner);
  const std::string_view status = status_of(insights, call.engine().clock().now_ms());
  ObjectWriter writer(call.reply);
  append_owner(writer, owner);
  if (status == "ENABLED") {
    append_rules(owner, insights, owner.index.empty() ? table->key_schema : table->index(owner.index)->key_schema,
                 writer);
  }
  writer.text("ContributorInsightsStatus", status);
  if (!insights.mode.empty()) {
    writer.time("LastUpdateDateTime", insights.changed_ms);
    writer.text("ContributorInsightsMode", insights.mode);
  }
  writer.end();
}

void update_contributor_insights(Call& call) {
  const Owner owner = owner_of(call);
  const bool enable = call.request.required_text("ContributorInsightsAction") == "ENABLE";
  const std::string_view mode = call.request.text("ContributorInsightsMode").value_or(kAccessedAndThrottled);
  const std::int64_t now_ms = call.engine().clock().now_ms();
  engine::Insights after;
  bool changed = false;
  annotate_table(call, owner.table, [&](engine::Table& table) {
    engine::Insights& insights = insights_of(table, owner);
    check_state(table, owner);
    changed = insights.enabled != enable || (enable && insights.mode != mode);
    if (changed) {
      if (enable && !insights.enabled) insights.rules_ms = now_ms;
      if (enable) insights.mode = mode;
      insights.enabled = enable;
      insights.changed_ms = now_ms;
      insights.status_until_ms = now_ms + call.engine().transition_delay_ms();
    }
    after = insights;
  });
  ObjectWriter writer(call.reply);
  append_owner(writer, owner);
  const std::string_view begun = enable ? "ENABLING" : "DISABLING";
  writer.text("ContributorInsightsStatus", changed ? begun : status_of(after, now_ms));
  if (!after.mode.empty()) writer.text("ContributorInsightsMode", after.mode);
  writer.end();
}

void list_contributor_insights(Call& call) {
  const std::vector<Summary> summaries = summaries_of(call);
  const auto token = call.request.text("NextToken");
  std::size_t at = token ? position_after(summaries, *token) : 0;
  const std::int64_t wanted = call.request.integer("MaxResults").value_or(kMaxResults);
  std::int64_t left = wanted > 0 ? wanted : kMaxResults;
  // Disabled insights are not listed.
  const auto skip_disabled = [&] {
    while (at < summaries.size() && summaries[at].status == "DISABLED") ++at;
  };
  const Summary* last = nullptr;
  ObjectWriter writer(call.reply);
  ArrayWriter list(writer.key("ContributorInsightsSummaries"));
  for (skip_disabled(); at < summaries.size() && left > 0; skip_disabled(), --left) {
    last = &summaries[at++];
    ObjectWriter line(list.element());
    append_owner(line, {.table = last->table, .index = last->index});
    line.text("ContributorInsightsStatus", last->status);
    line.text("ContributorInsightsMode", last->mode);
    line.end();
  }
  list.end();
  if (at < summaries.size() && last != nullptr) writer.text("NextToken", write_token(*last));
  writer.end();
}

}  // namespace stator::api
