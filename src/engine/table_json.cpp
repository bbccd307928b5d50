#include "engine/table_json.h"

#include <algorithm>
#include <stdexcept>

#include "engine/json_row.h"

namespace stator::engine {
namespace {

// Enums are stored as the numbers of their declarations; new values may only be added at the end.

void put_throughput(ObjectOut& parent, const Throughput& throughput) {
  ObjectOut out = parent.object("throughput");
  out.put("read", throughput.read_units);
  out.put("write", throughput.write_units);
  out.put("last_increase_ms", throughput.last_increase_ms);
  out.put("last_decrease_ms", throughput.last_decrease_ms);
  out.put("decreases_today", throughput.decreases_today);
  out.end();
}

void put_limits(ObjectOut& parent, std::string_view name, const ThroughputLimits& limits) {
  ObjectOut out = parent.object(name);
  out.put("read", limits.read_units);
  out.put("write", limits.write_units);
  out.end();
}

void put_policy(ObjectOut& parent, std::string_view name, const ResourcePolicy& policy) {
  if (policy.revision_ms == 0) return;
  ObjectOut out = parent.object(name);
  out.put("document", policy.document);
  out.put("revision_ms", policy.revision_ms);
  out.end();
}

void put_insights(ObjectOut& parent, const Insights& insights) {
  if (insights.mode.empty()) return;
  ObjectOut out = parent.object("insights");
  out.put("enabled", insights.enabled);
  out.put("mode", insights.mode);
  out.put("changed_ms", insights.changed_ms);
  out.put("rules_ms", insights.rules_ms);
  out.put("status_until_ms", insights.status_until_ms);
  out.end();
}

void put_kinesis(ObjectOut& parent, const std::vector<KinesisDestination>& destinations) {
  if (destinations.empty()) return;
  json::Writer& writer = parent.key("kinesis");
  writer.StartArray();
  for (const KinesisDestination& destination : destinations) {
    ObjectOut out = parent.element("kinesis", destination.stream_arn);
    out.put("stream_arn", destination.stream_arn);
    out.put("status", static_cast<std::int64_t>(destination.status));
    out.put("status_until_ms", destination.status_until_ms);
    out.put("precision", destination.precision);
    out.put("description", destination.description);
    if (destination.space != 0) {
      out.put("space", static_cast<std::int64_t>(destination.space));
      out.put("found", destination.found);
    }
    out.end();
  }
  writer.EndArray();
}

void put_tags(ObjectOut& parent, std::string_view name, const std::vector<std::pair<std::string, std::string>>& tags) {
  json::Writer& writer = parent.key(name);
  writer.StartArray();
  for (const auto& [key, value] : tags) {
    ObjectOut tag = parent.element(name, key);
    tag.put("key", key);
    tag.put("value", value);
    tag.end();
  }
  writer.EndArray();
}

void put_stream_tags(ObjectOut& parent, const std::string& label,
                     const std::vector<std::pair<std::string, std::string>>& tags) {
  if (label.empty()) return;
  put_tags(parent, "stream_tags", tags);
  parent.put("stream_tags_label", label);
}

void put_scaling(ObjectOut& parent, std::string_view name, const std::optional<AutoScaling>& scaling) {
  if (!scaling) return;
  ObjectOut out = parent.object(name);
  out.put("minimum", scaling->minimum);
  out.put("maximum", scaling->maximum);
  out.put("policy_name", scaling->policy_name);
  out.put("target", scaling->target);
  out.put("disable_scale_in", scaling->disable_scale_in);
  out.put("scale_in_cooldown", scaling->scale_in_cooldown);
  out.put("scale_out_cooldown", scaling->scale_out_cooldown);
  out.end();
}

void put_settings(ObjectOut& parent, const RegionSettings& settings) {
  ObjectOut out = parent.object("settings");
  out.put("id", settings.id);
  out.put("created_ms", settings.created_ms);
  out.put("deletion_protection", settings.deletion_protection);
  out.put("table_class", settings.table_class);
  out.put("table_class_ms", settings.table_class_ms);
  out.put("sse_kms_key", settings.sse_kms_key);
  out.put("recovery_days", settings.recovery_days);
  out.put("recovery_since_ms", settings.recovery_since_ms);
  put_tags(out, "tags", settings.tags);
  put_insights(out, settings.insights);
  put_kinesis(out, settings.kinesis);
  put_policy(out, "policy", settings.policy);
  put_policy(out, "stream_policy", settings.stream_policy);
  if (!settings.stream_policy_label.empty()) out.put("stream_policy_label", settings.stream_policy_label);
  put_stream_tags(out, settings.stream_tags_label, settings.stream_tags);
  out.end();
}

void put_replicas(ObjectOut& parent, const Table& table) {
  if (table.replicas.empty()) return;
  parent.put("home_region", table.home_region);
  parent.put("strongly_consistent", table.strongly_consistent);
  json::Writer& writer = parent.key("replicas");
  writer.StartArray();
  for (const Replica& replica : table.replicas) {
    ObjectOut out = parent.element("replicas", replica.region);
    out.put("region", replica.region);
    out.put("status", static_cast<std::int64_t>(replica.status));
    out.put("status_until_ms", replica.status_until_ms);
    out.put("source", replica.source);
    out.put("added_ms", replica.added_ms);
    out.put("read", replica.read_units);
    out.put("max_read", replica.max_read_units);
    put_scaling(out, "read_scaling", replica.read_scaling);
    out.put("disassociation_protection", replica.disassociation_protection);
    out.key("indexes").StartArray();
    for (const ReplicaIndex& index : replica.indexes) {
      ObjectOut entry = out.element("indexes", index.name);
      entry.put("name", index.name);
      entry.put("read", index.read_units);
      entry.put("max_read", index.max_read_units);
      put_scaling(entry, "read_scaling", index.read_scaling);
      put_insights(entry, index.insights);
      entry.end();
    }
    writer.EndArray();
    if (replica.region != table.home_region) put_settings(out, replica.settings);
    out.end();
  }
  writer.EndArray();
  if (!table.witness) return;
  ObjectOut out = parent.object("witness");
  out.put("region", table.witness->region);
  out.put("status", static_cast<std::int64_t>(table.witness->status));
  out.put("status_until_ms", table.witness->status_until_ms);
  out.end();
}

/// The row's list that the index belongs to. Vector indexes have a separate one, as a version that does not know them
/// would take them for local indexes.
std::string_view list_of(const Index& index) { return index.vector ? "vector_indexes" : "indexes"; }

void put_vector(ObjectOut& parent, const VectorSettings& vector) {
  ObjectOut out = parent.object("vector");
  out.put("attribute", vector.attribute);
  out.put("dimensions", static_cast<std::int64_t>(vector.dimensions));
  out.put("distance", static_cast<std::int64_t>(vector.distance));
  std::vector<core::KeyAttribute> attributes;
  for (const SearchElement& element : vector.schema) {
    attributes.push_back(element.attribute);
    if (element.hash) out.put("hash", element.attribute.name);
  }
  put_attributes(out, "schema", attributes);
  out.end();
}

void put_index(ObjectOut& parent, const Index& index) {
  ObjectOut out = parent.element(list_of(index), std::to_string(index.space));
  out.put("name", index.name);
  out.put("global", index.global);
  put_schema(out, index.key_schema);
  out.put("projection", static_cast<std::int64_t>(index.projection));
  json::Writer& writer = out.key("non_key_attributes");
  writer.StartArray();
  for (const std::string& name : index.non_key_attributes) ObjectOut::put_text(writer, name);
  writer.EndArray();
  put_throughput(out, index.throughput);
  put_limits(out, "on_demand", index.on_demand);
  put_limits(out, "warm", index.warm);
  out.put("space", static_cast<std::int64_t>(index.space));
  out.put("status", static_cast<std::int64_t>(index.status));
  out.put("status_until_ms", index.status_until_ms);
  out.put("backfilling", index.backfilling);
  put_insights(out, index.insights);
  put_scaling(out, "write_scaling", index.write_scaling);
  if (index.vector) put_vector(out, *index.vector);
  out.end();
}

void put_indexes(ObjectOut& parent, json::Writer& writer, const Table& table, std::string_view list) {
  parent.key(list).StartArray();
  for (const Index& index : table.indexes) {
    if (list_of(index) == list) put_index(parent, index);
  }
  writer.EndArray();
}

void put_restore(ObjectOut& parent, const RestoreOrigin& restore) {
  ObjectOut out = parent.object("restore");
  out.put("source_table", restore.source_table);
  out.put("backup_id", restore.backup_id);
  out.put("time_ms", restore.time_ms);
  out.put("cut", restore.cut);
  out.put("source_space", static_cast<std::int64_t>(restore.source_space));
  out.put("log_space", static_cast<std::int64_t>(restore.log_space));
  out.put("copying", restore.copying);
  out.end();
}

void get_restore(ObjectIn& in, std::optional<RestoreOrigin>& target, UnknownMembers& unknown) {
  in.object("restore", "restore", unknown, [&](ObjectIn& members) {
    RestoreOrigin& restore = target.emplace();
    members.get("source_table", restore.source_table);
    members.get("backup_id", restore.backup_id);
    members.get("time_ms", restore.time_ms);
    members.get("cut", restore.cut);
    members.get("source_space", restore.source_space);
    members.get("log_space", restore.log_space);
    members.get("copying", restore.copying);
  });
}

// In these functions `parent` is the place of `in`.

void get_throughput(ObjectIn& in, Throughput& target, std::string_view parent, UnknownMembers& unknown) {
  in.object("throughput", place_of(parent, "throughput"), unknown, [&](ObjectIn& members) {
    members.get("read", target.read_units);
    members.get("write", target.write_units);
    members.get("last_increase_ms", target.last_increase_ms);
    members.get("last_decrease_ms", target.last_decrease_ms);
    members.get("decreases_today", target.decreases_today);
  });
}

void get_limits(ObjectIn& in, std::string_view name, ThroughputLimits& target, std::string_view parent,
                UnknownMembers& unknown) {
  in.object(name, place_of(parent, name), unknown, [&](ObjectIn& members) {
    members.get("read", target.read_units);
    members.get("write", target.write_units);
  });
}

void get_policy(ObjectIn& in, std::string_view name, ResourcePolicy& target, std::string_view parent,
                UnknownMembers& unknown) {
  in.object(name, place_of(parent, name), unknown, [&](ObjectIn& members) {
    members.get("document", target.document);
    members.get("revision_ms", target.revision_ms);
  });
}

void get_insights(ObjectIn& in, Insights& target, std::string_view parent, UnknownMembers& unknown) {
  in.object("insights", place_of(parent, "insights"), unknown, [&](ObjectIn& members) {
    members.get("enabled", target.enabled);
    members.get("mode", target.mode);
    members.get("changed_ms", target.changed_ms);
    members.get("rules_ms", target.rules_ms);
    members.get("status_until_ms", target.status_until_ms);
  });
}

void get_scaling(ObjectIn& in, std::string_view name, std::optional<AutoScaling>& target, std::string_view parent,
                 UnknownMembers& unknown) {
  in.object(name, place_of(parent, name), unknown, [&](ObjectIn& members) {
    AutoScaling& scaling = target.emplace();
    members.get("minimum", scaling.minimum);
    members.get("maximum", scaling.maximum);
    members.get("policy_name", scaling.policy_name);
    members.get("target", scaling.target);
    members.get("disable_scale_in", scaling.disable_scale_in);
    members.get("scale_in_cooldown", scaling.scale_in_cooldown);
    members.get("scale_out_cooldown", scaling.scale_out_cooldown);
  });
}

void get_kinesis(ObjectIn& in, std::vector<KinesisDestination>& target, std::string_view parent,
                 UnknownMembers& unknown) {
  in.for_each("kinesis", [&](const json::Value& value) {
    ObjectIn members(value);
    KinesisDestination& destination = target.emplace_back();
    members.get("stream_arn", destination.stream_arn);
    members.get_enum("status", destination.status, KinesisStatus::kEnableFailed);
    members.get("status_until_ms", destination.status_until_ms);
    members.get("precision", destination.precision);
    members.get("description", destination.description);
    members.get("space", destination.space);
    members.get("found", destination.found);
    members.keep_unknown(place_of(parent, "kinesis", destination.stream_arn), unknown);
  });
}

void get_tags(ObjectIn& in, std::string_view name, std::vector<std::pair<std::string, std::string>>& target,
              std::string_view parent, UnknownMembers& unknown) {
  in.for_each(name, [&](const json::Value& value) {
    ObjectIn members(value);
    auto& [key, text] = target.emplace_back();
    members.get("key", key);
    members.get("value", text);
    members.keep_unknown(place_of(parent, name, key), unknown);
  });
}

void get_settings(ObjectIn& in, RegionSettings& settings, const std::string& parent, UnknownMembers& unknown) {
  const std::string place = place_of(parent, "settings");
  in.object("settings", place, unknown, [&](ObjectIn& members) {
    members.get("id", settings.id);
    members.get("created_ms", settings.created_ms);
    members.get("deletion_protection", settings.deletion_protection);
    members.get("table_class", settings.table_class);
    members.get("table_class_ms", settings.table_class_ms);
    members.get("sse_kms_key", settings.sse_kms_key);
    members.get("recovery_days", settings.recovery_days);
    members.get("recovery_since_ms", settings.recovery_since_ms);
    get_tags(members, "tags", settings.tags, place, unknown);
    get_insights(members, settings.insights, place, unknown);
    get_kinesis(members, settings.kinesis, place, unknown);
    get_policy(members, "policy", settings.policy, place, unknown);
    get_policy(members, "stream_policy", settings.stream_policy, place, unknown);
    members.get("stream_policy_label", settings.stream_policy_label);
    get_tags(members, "stream_tags", settings.stream_tags, place, unknown);
    members.get("stream_tags_label", settings.stream_tags_label);
  });
}

Replica get_replica(const json::Value& value, UnknownMembers& unknown) {
  ObjectIn in(value);
  Replica replica;
  in.get("region", replica.region);
  const std::string place = place_of("", "replicas", replica.region);
  in.get_enum("status", replica.status, TableStatus::kDeleting);
  in.get("status_until_ms", replica.status_until_ms);
  in.get("source", replica.source);
  in.get("added_ms", replica.added_ms);
  in.get("read", replica.read_units);
  in.get("max_read", replica.max_read_units);
  get_scaling(in, "read_scaling", replica.read_scaling, place, unknown);
  in.get("disassociation_protection", replica.disassociation_protection);
  in.for_each("indexes", [&](const json::Value& element) {
    ObjectIn members(element);
    ReplicaIndex& index = replica.indexes.emplace_back();
    members.get("name", index.name);
    const std::string index_place = place_of(place, "indexes", index.name);
    members.get("read", index.read_units);
    members.get("max_read", index.max_read_units);
    get_scaling(members, "read_scaling", index.read_scaling, index_place, unknown);
    get_insights(members, index.insights, index_place, unknown);
    members.keep_unknown(index_place, unknown);
  });
  get_settings(in, replica.settings, place, unknown);
  in.keep_unknown(place, unknown);
  return replica;
}

void get_replicas(ObjectIn& in, Table& table, UnknownMembers& unknown) {
  in.get("home_region", table.home_region);
  in.get("strongly_consistent", table.strongly_consistent);
  in.for_each("replicas", [&](const json::Value& value) { table.replicas.push_back(get_replica(value, unknown)); });
  in.object("witness", "witness", unknown, [&](ObjectIn& members) {
    Witness& witness = table.witness.emplace();
    members.get("region", witness.region);
    members.get_enum("status", witness.status, TableStatus::kDeleting);
    members.get("status_until_ms", witness.status_until_ms);
  });
}

void get_vector(ObjectIn& in, std::optional<VectorSettings>& target, std::string_view parent, UnknownMembers& unknown) {
  json::Value value;
  if (!in.find("vector", value)) throw std::runtime_error("the settings of a vector index were expected");
  ObjectIn members(value);
  VectorSettings& vector = target.emplace();
  const std::string place = place_of(parent, "vector");
  members.get("attribute", vector.attribute);
  std::int64_t dimensions = 0;
  members.get("dimensions", dimensions);
  vector.dimensions = static_cast<std::size_t>(dimensions);
  members.get_enum("distance", vector.distance, DistanceFunction::kEuclidean);
  std::string hash;
  members.get("hash", hash);
  std::vector<core::KeyAttribute> attributes;
  get_attributes(members, "schema", attributes, place, unknown);
  for (core::KeyAttribute& attribute : attributes) {
    const bool is_hash = attribute.name == hash;
    vector.schema.push_back({std::move(attribute), is_hash});
  }
  members.keep_unknown(place, unknown);
}

Index get_index(const json::Value& value, std::string_view list, UnknownMembers& unknown) {
  ObjectIn in(value);
  Index index;
  in.get("space", index.space);
  std::string place = place_of("", list, std::to_string(index.space));
  in.get("name", index.name);
  in.get("global", index.global);
  get_schema(in, index.key_schema, place, unknown);
  in.get_enum("projection", index.projection, ProjectionType::kInclude);
  in.for_each("non_key_attributes",
              [&index](const json::Value& name) { index.non_key_attributes.push_back(ObjectIn::text(name)); });
  get_throughput(in, index.throughput, place, unknown);
  get_limits(in, "on_demand", index.on_demand, place, unknown);
  get_limits(in, "warm", index.warm, place, unknown);
  in.get_enum("status", index.status, TableStatus::kDeleting);
  in.get("status_until_ms", index.status_until_ms);
  in.get("backfilling", index.backfilling);
  get_insights(in, index.insights, place, unknown);
  get_scaling(in, "write_scaling", index.write_scaling, place, unknown);
  if (list == "vector_indexes") get_vector(in, index.vector, place, unknown);
  in.keep_unknown(std::move(place), unknown);
  return index;
}

}  // namespace

std::string table_to_json(const Table& table) {
  std::string text;
  json::StringSink sink(text);
  json::Writer writer(sink);
  ObjectOut out(writer, table.unknown_members, "");
  out.put("name", table.name);
  out.put("id", table.id);
  put_schema(out, table.key_schema);
  put_attributes(out, "attribute_definitions", table.attribute_definitions);
  out.put("billing_mode", static_cast<std::int64_t>(table.billing_mode));
  out.put("last_pay_per_request_ms", table.last_pay_per_request_ms);
  put_throughput(out, table.throughput);
  put_limits(out, "on_demand", table.on_demand);
  put_limits(out, "warm", table.warm);
  put_indexes(out, writer, table, "indexes");
  if (std::ranges::any_of(table.indexes, [](const Index& index) { return index.vector.has_value(); })) {
    put_indexes(out, writer, table, "vector_indexes");
  }
  out.put("deletion_protection", table.deletion_protection);
  out.put("table_class", table.table_class);
  out.put("table_class_ms", table.table_class_ms);
  out.put("sse_kms_key", table.sse_kms_key);
  out.put("sse_enabled", table.sse_enabled);
  out.put("stream_view_type", table.stream_view_type);
  out.put("stream_label", table.stream_label);
  if (table.stream_space != 0) out.put("stream_space", static_cast<std::int64_t>(table.stream_space));
  if (table.recovery_space != 0) {
    out.put("recovery_days", table.recovery_days);
    out.put("recovery_since_ms", table.recovery_since_ms);
    out.put("recovery_space", static_cast<std::int64_t>(table.recovery_space));
  }
  out.put("ttl_attribute", table.ttl_attribute);
  if (table.ttl_space != 0) {
    out.put("ttl_space", static_cast<std::int64_t>(table.ttl_space));
    out.put("ttl_building", table.ttl_building);
  }
  put_tags(out, "tags", table.tags);
  put_insights(out, table.insights);
  put_kinesis(out, table.kinesis);
  put_policy(out, "policy", table.policy);
  put_policy(out, "stream_policy", table.stream_policy);
  if (!table.stream_policy_label.empty()) out.put("stream_policy_label", table.stream_policy_label);
  put_stream_tags(out, table.stream_tags_label, table.stream_tags);
  put_replicas(out, table);
  if (!table.settings_replication.empty()) out.put("settings_replication", table.settings_replication);
  put_scaling(out, "write_scaling", table.write_scaling);
  out.put("created_ms", table.created_ms);
  out.put("status", static_cast<std::int64_t>(table.status));
  out.put("status_until_ms", table.status_until_ms);
  out.put("space", static_cast<std::int64_t>(table.space));
  if (table.restore) put_restore(out, *table.restore);
  out.end();
  return text;
}

Table table_from_json(std::string_view text) {
  json::Parser parser;
  ObjectIn in(parser.parse(text));
  Table table;
  UnknownMembers& unknown = table.unknown_members;
  in.get("name", table.name);
  in.get("id", table.id);
  get_schema(in, table.key_schema, "", unknown);
  get_attributes(in, "attribute_definitions", table.attribute_definitions, "", unknown);
  in.get_enum("billing_mode", table.billing_mode, BillingMode::kPayPerRequest);
  in.get("last_pay_per_request_ms", table.last_pay_per_request_ms);
  get_throughput(in, table.throughput, "", unknown);
  get_limits(in, "on_demand", table.on_demand, "", unknown);
  get_limits(in, "warm", table.warm, "", unknown);
  for (const std::string_view list : {"indexes", "vector_indexes"}) {
    in.for_each(list, [&](const json::Value& value) { table.indexes.push_back(get_index(value, list, unknown)); });
  }
  in.get("deletion_protection", table.deletion_protection);
  in.get("table_class", table.table_class);
  in.get("table_class_ms", table.table_class_ms);
  in.get("sse_kms_key", table.sse_kms_key);
  in.get("sse_enabled", table.sse_enabled);
  in.get("stream_view_type", table.stream_view_type);
  in.get("stream_label", table.stream_label);
  in.get("stream_space", table.stream_space);
  in.get("recovery_days", table.recovery_days);
  in.get("recovery_since_ms", table.recovery_since_ms);
  in.get("recovery_space", table.recovery_space);
  in.get("ttl_attribute", table.ttl_attribute);
  in.get("ttl_space", table.ttl_space);
  in.get("ttl_building", table.ttl_building);
  get_tags(in, "tags", table.tags, "", unknown);
  get_insights(in, table.insights, "", unknown);
  get_kinesis(in, table.kinesis, "", unknown);
  get_policy(in, "policy", table.policy, "", unknown);
  get_policy(in, "stream_policy", table.stream_policy, "", unknown);
  in.get("stream_policy_label", table.stream_policy_label);
  get_tags(in, "stream_tags", table.stream_tags, "", unknown);
  in.get("stream_tags_label", table.stream_tags_label);
  get_replicas(in, table, unknown);
  in.get("settings_replication", table.settings_replication);
  get_scaling(in, "write_scaling", table.write_scaling, "", unknown);
  in.get("created_ms", table.created_ms);
  in.get_enum("status", table.status, TableStatus::kDeleting);
  in.get("status_until_ms", table.status_until_ms);
  in.get("space", table.space);
  get_restore(in, table.restore, unknown);
  in.keep_unknown("", unknown);
  return table;
}

}  // namespace stator::engine
