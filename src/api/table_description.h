#pragma once

#include <string>
#include <string_view>

#include <array>
#include <string_view>

#include "api/call.h"
#include "api/reply.h"

namespace stator::api {

/// Appends a TableDescription as in DescribeTable, with the current counts. Many settings are shown as they were before
/// changes that are under way.
void append_table_description(Call& call, const engine::Table& table, std::string& out);

/// The same as in CreateTable's reply: without warm throughput unless the request gave it, and without the time of the
/// change to on-demand billing.
void append_created_table_description(Call& call, const engine::Table& table, std::string& out);

/// The same as in UpdateTable's reply: if the billing mode changes, without the time of the last change to on-demand
/// billing.
void append_updated_table_description(Call& call, const engine::Table& table, bool billing_mode_changes,
                                      std::string& out);

/// The same as in DeleteTable's reply: without keys, indexes and the time of creation.
/// Source: API Reference, DeleteTable, sample response.
void append_deleted_table_description(Call& call, const engine::Table& table, std::string& out);

/// Appends a KeySchema, as in descriptions of tables, indexes and streams.
void append_key_schema(const core::KeySchema& schema, std::string& out);

// Members that descriptions of backups have, too.
void append_projection(const engine::Index& index, std::string& out);
void write_on_demand(ObjectWriter& writer, const engine::ThroughputLimits& limits);
/// `changes`: whether a change is under way. Until a first key is in effect only the status is written.
void write_encryption(ObjectWriter& writer, const engine::Table& table, bool changes);
/// Writes the member `name`, unless the table has no stream.
void write_stream_specification(ObjectWriter& writer, std::string_view name, const engine::Table& table);

/// The names of the lists of a table's indexes, by kind, in descriptions and consumed capacities.
inline constexpr std::array<std::string_view, 3> kIndexLists = {"LocalSecondaryIndexes", "GlobalSecondaryIndexes",
                                                                "VectorIndexes"};
std::string_view list_name(const engine::Index& index);

std::string_view status_name(engine::TableStatus status);
std::string_view billing_mode_name(engine::BillingMode mode);

}  // namespace stator::api
