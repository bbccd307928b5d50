#include "api/call.h"
#include "api/regions.h"

#include <algorithm>

#include "core/api_error.h"

namespace stator::api {

std::string_view table_name_from(std::string_view name_or_arn) {
  constexpr std::string_view kMark = ":table/";
  if (!name_or_arn.starts_with("arn:")) return name_or_arn;
  const auto at = name_or_arn.find(kMark);
  if (at == std::string_view::npos) return name_or_arn;
  auto name = name_or_arn.substr(at + kMark.size());
  return name.substr(0, name.find('/'));
}

std::string_view table_name(const Members& request) {
  return table_name_from(request.text("TableName").value_or(std::string_view{}));
}

TableArn parse_arn(std::string_view arn) {
  TableArn parts;
  arn.remove_prefix(std::min(arn.size(), std::string_view("arn:").size()));
  for (std::string_view* part : {&parts.partition, &parts.service, &parts.region, &parts.account}) {
    *part = arn.substr(0, arn.find(':'));
    arn.remove_prefix(std::min(arn.size(), part->size() + 1));
  }
  parts.resource = arn;
  return parts;
}

bool is_own_region(const Context& context, std::string_view region) {
  return region == context.region || region == context.server_region;
}

void check_arn_region(const Context& context, std::string_view arn) {
  if (is_own_region(context, parse_arn(arn).region)) return;
  core::throw_validation("1 validation error detected: Invalid AWS region in '" + std::string(arn) + "'");
}

engine::TablePtr find_whole_table(const Call& call, std::string_view name) {
  engine::TablePtr table = find_table(call, name);
  return table != nullptr && table->restore ? nullptr : table;
}

engine::TablePtr find_created_table(const Call& call, std::string_view name) {
  engine::TablePtr table = find_whole_table(call, name);
  return table != nullptr && table->status == engine::TableStatus::kCreating ? nullptr : table;
}

void check_created(const engine::Table& table) {
  const engine::Replica* const home = table.replica(table.home_region);
  const bool added = home != nullptr && home->status == engine::TableStatus::kCreating;
  if (table.status == engine::TableStatus::kCreating || added) throw_table_not_found(table.name);
}

void throw_table_not_found(std::string_view name) {
  core::throw_resource_not_found("Requested resource not found: Table: " + std::string(name) + " not found");
}

std::string table_arn(const Context& context, std::string_view name) {
  return "arn:aws:dynamodb:" + context.region + ":" + context.account_id + ":table/" + std::string(name);
}

std::string index_arn(const Context& context, std::string_view table, std::string_view index) {
  return table_arn(context, table) + "/index/" + std::string(index);
}

}  // namespace stator::api
