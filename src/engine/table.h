#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/attribute_value.h"
#include "store/key_encoding.h"

namespace stator::engine {

/// What all versions of a table share (state.h). Used by the engine only.
class TableState;
/// A stream of the table's changes (log/stream.h).
class Stream;
/// Which keys are accessed most (access_counts.h).
class AccessCounts;

enum class BillingMode : std::uint8_t { kProvisioned, kPayPerRequest };
enum class TableStatus : std::uint8_t { kCreating, kUpdating, kActive, kDeleting };
enum class ProjectionType : std::uint8_t { kAll, kKeysOnly, kInclude };

/// Capacity units, 0 on demand. Times are milliseconds since 1970; 0: never.
struct Throughput {
  std::int64_t read_units = 0;
  std::int64_t write_units = 0;
  std::int64_t last_increase_ms = 0;
  std::int64_t last_decrease_ms = 0;
  std::int64_t decreases_today = 0;
  bool operator==(const Throughput&) const = default;
};

/// OnDemandThroughput or WarmThroughput; nullopt: never given.
struct ThroughputLimits {
  std::optional<std::int64_t> read_units;
  std::optional<std::int64_t> write_units;
  bool operator==(const ThroughputLimits&) const = default;
};

/// A resource-based policy in its canonical form; an empty document: no policy. `revision_ms` is when it was last
/// changed or removed, and serves as its revision id; 0: there never was a policy.
struct ResourcePolicy {
  std::string document;
  std::int64_t revision_ms = 0;
};

/// Contributor insights of a table or of a global index.
struct Insights {
  bool enabled = false;
  std::string mode;             // the API's name; empty: never enabled
  std::int64_t changed_ms = 0;  // when the status or mode was changed last
  std::int64_t rules_ms = 0;    // when it was enabled; part of the names of its rules
  /// Until when it is being enabled or disabled.
  std::int64_t status_until_ms = 0;
};

enum class KinesisStatus : std::uint8_t { kActive, kEnabling, kUpdating, kDisabling, kDisabled, kEnableFailed };

/// A Kinesis stream that the table's changes go to, or went to.
struct KinesisDestination {
  std::string stream_arn;
  /// kEnabling and kUpdating become kActive, kDisabling becomes kDisabled, at `status_until_ms`.
  KinesisStatus status = KinesisStatus::kActive;
  std::int64_t status_until_ms = 0;
  std::string precision;    // the API's name; empty: never set
  std::string description;  // why it could not be enabled
  /// Of the log of changes to be sent (log/deliveries.h); 0: no log.
  store::SpaceId space = 0;
  /// With a log: whether the stream was found, so that the destination is enabled.
  bool found = false;
};

/// The settings of application auto scaling for the read or write capacity of a table or index.
struct AutoScaling {
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  std::string policy_name;
  double target = 0;  // percent of the provisioned capacity
  std::optional<bool> disable_scale_in;
  std::optional<std::int64_t> scale_in_cooldown;   // seconds
  std::optional<std::int64_t> scale_out_cooldown;  // seconds
};

enum class DistanceFunction : std::uint8_t { kCosine, kDotProduct, kEuclidean };

/// An element of a vector index's SearchSchema: HASH or INLINE_FILTER.
struct SearchElement {
  core::KeyAttribute attribute;
  bool hash = false;
};

/// The settings of a vector index.
struct VectorSettings {
  std::string attribute;  // the item's list of numbers
  std::size_t dimensions = 0;
  DistanceFunction distance = DistanceFunction::kCosine;
  std::vector<SearchElement> schema;  // in the order given, at most one of them HASH
};

struct Index {
  std::string name;
  bool global = false;
  /// Set for vector indexes, which are neither global nor local. Their key schema is the HASH element alone, or empty.
  std::optional<VectorSettings> vector;
  core::KeySchema key_schema;
  ProjectionType projection = ProjectionType::kAll;
  std::vector<std::string> non_key_attributes;
  Throughput throughput;       // global only
  ThroughputLimits on_demand;  // global only
  ThroughputLimits warm;       // global only
  store::SpaceId space = 0;
  /// From `status_until_ms` on it counts as kActive, or as gone if it was kDeleting.
  TableStatus status = TableStatus::kActive;
  std::int64_t status_until_ms = 0;
  bool backfilling = false;
  std::int64_t warm_until_ms = 0;            // as for Table
  Insights insights;                         // global only
  std::optional<AutoScaling> write_scaling;  // global only
  std::shared_ptr<AccessCounts> accesses;    // set by the engine; null without contributor insights
  /// True if the index projects `attribute`: it is a key of the table or index, named, or the projection is ALL.
  [[nodiscard]] bool projects(std::string_view attribute, const core::KeySchema& table_schema) const;
  [[nodiscard]] bool is_local() const { return !global && !vector; }
};

/// A member of a table's row that was written by a later version and is unknown to this one. Such members are kept by
/// the place of their object ("", "throughput", "indexes/7/key_schema", …) and written back when the table is changed.
struct UnknownMember {
  std::string name;
  std::string json;
};
using UnknownMembers = std::map<std::string, std::vector<UnknownMember>, std::less<>>;

/// What a table is being restored or imported from. Kept until the table is ACTIVE.
struct RestoreOrigin {
  std::string source_table;  // name
  std::string backup_id;     // empty: a restore to a point in time
  std::int64_t time_ms = 0;  // the time of the restored state
  std::string cut;           // name of the checkpoint that is read (backup/backups.h)
  store::SpaceId source_space = 0;
  store::SpaceId log_space = 0;  // of the records that are undone, back to `time_ms`; 0: none
  /// Whether items are still being copied; after that, indexes are built.
  bool copying = true;
};

/// The settings that each region of a table with replicas has separately. `Table` has the same members, for its home
/// region.
struct RegionSettings {
  std::string id;
  std::int64_t created_ms = 0;
  bool deletion_protection = false;
  std::string table_class;
  std::int64_t table_class_ms = 0;
  std::string sse_kms_key;
  std::int64_t recovery_days = 0;
  std::int64_t recovery_since_ms = 0;
  std::vector<std::pair<std::string, std::string>> tags;
  std::vector<std::pair<std::string, std::string>> tags_before;
  std::int64_t tags_until_ms = 0;
  Insights insights;
  std::vector<KinesisDestination> kinesis;
  ResourcePolicy policy;
  ResourcePolicy stream_policy;
  std::string stream_policy_label;
  std::vector<std::pair<std::string, std::string>> stream_tags;
  std::string stream_tags_label;
};

/// The settings that a region has separately for a global index.
struct ReplicaIndex {
  std::string name;
  std::optional<std::int64_t> read_units;      // instead of the table's
  std::optional<std::int64_t> max_read_units;  // the same, on demand
  std::optional<AutoScaling> read_scaling;
  Insights insights;
};

/// A region of a table with replicas. All regions share the items and all settings that are not members here or in
/// RegionSettings.
struct Replica {
  std::string region;
  /// As for Index.
  TableStatus status = TableStatus::kActive;
  std::int64_t status_until_ms = 0;
  std::string source;  // the region in which it was added; empty: it is the first region
  std::int64_t added_ms = 0;
  std::optional<std::int64_t> read_units;      // instead of the table's
  std::optional<std::int64_t> max_read_units;  // the same, on demand
  std::optional<AutoScaling> read_scaling;
  bool disassociation_protection = true;
  std::vector<ReplicaIndex> indexes;  // those with settings of their own
  RegionSettings settings;            // unused for the home region, whose settings are in Table
};

/// A witness region, which stores the writes in progress but has no copy of the table.
struct Witness {
  std::string region;
  TableStatus status = TableStatus::kActive;
  std::int64_t status_until_ms = 0;
};

/// A table's metadata, as kept in the catalog. Immutable once published; a change publishes a new version.
struct Table {
  std::string name;
  std::string id;  // UUID
  core::KeySchema key_schema;
  /// As given, in order: name and type of every attribute used in a key.
  std::vector<core::KeyAttribute> attribute_definitions;
  BillingMode billing_mode = BillingMode::kProvisioned;
  /// When the table was last switched to on demand; 0: never.
  std::int64_t last_pay_per_request_ms = 0;
  Throughput throughput;
  ThroughputLimits on_demand;
  ThroughputLimits warm;
  std::vector<Index> indexes;  // local, global and vector indexes; each kind in the order given
  bool deletion_protection = false;
  std::string table_class;          // empty: STANDARD, never given
  std::int64_t table_class_ms = 0;  // when it was last changed; 0: never
  std::string sse_kms_key;          // ARN; with sse_enabled
  bool sse_enabled = false;
  std::string stream_view_type;                           // empty: no stream
  std::string stream_label;                               // of the last stream; empty: it never had one
  store::SpaceId stream_space = 0;                        // of the stream's records (log/stream.h); 0: no stream
  std::int64_t recovery_days = 0;                         // how far back the table can be restored; 0: disabled
  std::int64_t recovery_since_ms = 0;                     // when recovery was enabled
  store::SpaceId recovery_space = 0;                      // of the recovery log (log/stream.h); 0: none
  std::string ttl_attribute;                              // empty: disabled
  store::SpaceId ttl_space = 0;                           // of the expiry rows (time_to_live.h); 0: disabled
  bool ttl_building = false;                              // the rows of existing items are still being made
  std::vector<std::pair<std::string, std::string>> tags;  // key, value
  Insights insights;
  std::vector<KinesisDestination> kinesis;  // the latest first
  ResourcePolicy policy;
  ResourcePolicy stream_policy;                                  // of the stream `stream_policy_label`
  std::string stream_policy_label;                               // empty: no stream had one
  std::vector<std::pair<std::string, std::string>> stream_tags;  // of the stream `stream_tags_label`
  std::string stream_tags_label;                                 // empty: no stream had any
  /// The regions in the order in which they were added; empty without replicas (replicas.h).
  std::vector<Replica> replicas;
  std::string home_region;  // the region whose settings are in this object
  bool strongly_consistent = false;
  std::optional<Witness> witness;
  std::string settings_replication;          // GlobalTableSettingsReplicationMode; empty: never given
  std::optional<AutoScaling> write_scaling;  // of all regions
  /// The tags that readers still see while a change of tags is under way. Not stored, nor are the two times below.
  std::vector<std::pair<std::string, std::string>> tags_before;
  std::int64_t tags_until_ms = 0;  // until when that change is under way
  std::int64_t ttl_until_ms = 0;   // until when a change of time to live is under way, and no other is allowed
  /// The table before the changes that are under way (table_changes.h); null if there are none. Not stored, nor are the
  /// two times below.
  std::shared_ptr<const Table> before;
  std::int64_t encryption_until_ms = 0;  // until when a change of encryption is under way; 0: none
  std::int64_t warm_until_ms = 0;        // the same for warm throughput
  std::int64_t created_ms = 0;
  TableStatus status = TableStatus::kActive;
  std::int64_t status_until_ms = 0;  // as for Index
  store::SpaceId space = 0;
  std::optional<RestoreOrigin> restore;
  UnknownMembers unknown_members;
  std::shared_ptr<TableState> state;                // set by the engine when it publishes the table
  std::shared_ptr<Stream> stream;                   // likewise; null: no stream
  std::shared_ptr<Stream> recovery;                 // likewise; null: no point-in-time recovery
  std::vector<std::shared_ptr<Stream>> deliveries;  // likewise; the logs for the Kinesis destinations of all regions
  std::shared_ptr<AccessCounts> accesses;           // likewise; null without contributor insights

  [[nodiscard]] const Index* index(std::string_view index_name) const;
  /// Null if the table is not in the region.
  [[nodiscard]] const Replica* replica(std::string_view region) const;
  [[nodiscard]] Replica* replica(std::string_view region);
};

/// The current item count and size of a table or an index.
struct Counts {
  std::uint64_t items = 0;
  std::uint64_t size_bytes = 0;
};
struct TableCounts {
  Counts table;
  std::vector<Counts> indexes;  // in the order of Table::indexes
};

}  // namespace stator::engine
