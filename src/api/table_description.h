#pragma once

#include <string>
#include <string_view>

#include <array>
#include <string_view>

#include "api/call.h"
#include "api/reply.h"

namespace stator::api {

/// Appends a TableDescription: the table as DescribeTable shows it, with its live counts. Of changes that are under way
/// much is shown as it was before.
void append_table_description(Call& call, const engine::Table& table, std::string& out);

/// The same as CreateTable's reply shows it: without warm throughput that the request did not give, and without the
/// time of the change to on-demand billing.
void append_created_table_description(Call& call, const engine::Table& table, std::string& out);

/// The same as UpdateTable's reply shows it: where the billing mode changes, without the time of the last change to
/// on-demand billing.
void append_updated_table_description(Call& call, const engine::Table& table, bool billing_mode_changes,
                                      std::string& out);

/// The same as DeleteTable shows it: without keys, indexes and the time of creation.
/// Source: API Reference, DeleteTable, sample response.
void append_deleted_table_description(Call& call, const engine::Table& table, std::string& out);

/// Appends the array of key attributes, as descriptions of tables, indexes and streams have it.
void append_key_schema(const core::KeySchema& schema, std::string& out);

// Members that descriptions of backups share.
void append_projection(const engine::Index& index, std::string& out);
void write_on_demand(ObjectWriter& writer, const engine::ThroughputLimits& limits);
/// `changes`: a change is under way; while a key is only to come, nothing else is said.
void write_encryption(ObjectWriter& writer, const engine::Table& table, bool changes);
/// As the member `name`; nothing where the table has no stream.
void write_stream_specification(ObjectWriter& writer, std::string_view name, const engine::Table& table);

/// The lists of a table's indexes by kind, as descriptions and consumed capacities name them.
inline constexpr std::array<std::string_view, 3> kIndexLists = {"LocalSecondaryIndexes", "GlobalSecondaryIndexes",
                                                                "VectorIndexes"};
std::string_view list_name(const engine::Index& index);

std::string_view status_name(engine::TableStatus status);
std::string_view billing_mode_name(engine::BillingMode mode);

}  // namespace stator::api
