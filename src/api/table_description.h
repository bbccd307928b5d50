#pragma once

#include <string>
#include <string_view>

#include "api/call.h"

namespace stator::api {

/// Appends a TableDescription: the table as DescribeTable shows it, with its live counts.
void append_table_description(Call& call, const engine::Table& table, std::string& out);

/// The same as DeleteTable shows it: without keys, indexes and the time of creation.
/// Source: API Reference, DeleteTable, sample response.
void append_deleted_table_description(Call& call, const engine::Table& table, std::string& out);

std::string_view status_name(engine::TableStatus status);
std::string_view billing_mode_name(engine::BillingMode mode);
std::string_view projection_name(engine::ProjectionType type);

}  // namespace stator::api
