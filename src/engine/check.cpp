#include "engine/check.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "core/damage_error.h"
#include "core/hexadecimal.h"
#include "engine/backup/backup_info.h"
#include "engine/index_entry.h"
#include "engine/keys.h"
#include "engine/log/record.h"
#include "engine/log/stream.h"
#include "engine/replicas.h"
#include "engine/snapshots.h"
#include "engine/state.h"
#include "engine/stored_value.h"
#include "engine/table_json.h"
#include "engine/time_to_live.h"
#include "engine/whole_item.h"
#include "json/item.h"
#include "store/store.h"

namespace stator::engine {
namespace {

namespace fs = std::filesystem;

/// The key made from an item's attributes; nullopt if a key attribute is missing or has the wrong type.
std::optional<std::string> key_of(const Table& table, const json::Item& item) {
  std::vector<core::AttributeValue> values;
  for (const auto* attributes : {&table.key_schema.hash, &table.key_schema.range}) {
    for (const core::KeyAttribute& attribute : *attributes) {
      const core::AttributeValue* value = item.find(attribute.name);
      if (value == nullptr || value->type() != attribute.type) return std::nullopt;
      values.push_back(*value);
    }
  }
  return Engine::make_key(table, std::move(values)).encoded;
}

/// Such an index is not checked: writes do not update it.
bool is_deleted(const Index& index) { return index.status == TableStatus::kDeleting; }

class Checker {
 public:
  Checker(const store::Store& store, CheckReport& report) : store_(store), report_(report) {}

  void check_all() {
    check_files();
    read_catalog();
    for (const Table& table : tables_) check_table(table);
    check_streams();
    check_spaces();
  }

  /// Checks what a restore of this table reads.
  void check_only(const Table& wanted) {
    check_files();
    read_catalog();
    const auto table = std::ranges::find(tables_, wanted.id, &Table::id);
    if (table != tables_.end()) {
      check_table(*table);
    } else if (catalog_is_whole_) {
      report_.add("table " + wanted.name + " is missing");
    }
  }

  std::vector<BackupInfo> read_backups() {
    std::vector<BackupInfo> backups;
    walk(rows(CatalogRow::kBackup), "the list of backups", [&](std::string_view key, std::string_view value) {
      const std::string id(key.substr(catalog_key(CatalogRow::kBackup).size()));
      try {
        BackupInfo backup = backup_from_json(value);
        if (backup.id != id) throw core::DamageError("it names another backup");
        backups.push_back(std::move(backup));
      } catch (const std::exception& error) {
        report_.add("backup " + id + ": its row in the catalog is damaged: " + error.what());
      }
    });
    return backups;
  }

 private:
  using Sums = std::map<store::SpaceId, Counts>;

  /// Calls `visit(key, value)` for each row. Damage is reported and ends the walk.
  template <class Visit>
  void walk(const KeyBounds& bounds, const std::string& what, Visit visit) {
    try {
      const auto cursor = store_.cursor(bounds.lower, bounds.upper);
      for (cursor->seek_to_first(); cursor->valid(); cursor->next()) visit(cursor->key(), cursor->value());
    } catch (const core::DamageError& error) {
      report_.add(what + " cannot be read to its end: " + error.what());
    } catch (const store::StoreError& error) {
      report_.add(what + " cannot be read to its end: " + error.what());
    }
  }

  static KeyBounds rows(CatalogRow row) {
    const std::string lower = catalog_key(row);
    return {.lower = lower, .upper = store::prefix_end(lower)};
  }

  void check_files() {
    for (std::string& line : store_.damaged_files()) report_.add(std::move(line));
  }

  void read_catalog() {
    walk(rows(CatalogRow::kTable), "the catalog", [&](std::string_view key, std::string_view value) {
      const std::string name(key.substr(catalog_key(CatalogRow::kTable).size()));
      try {
        Table table = table_from_json(value);
        if (table.name != name) throw core::DamageError("it names another table");
        tables_.push_back(std::move(table));
      } catch (const std::exception& error) {
        report_.add("table " + name + ": its row in the catalog is damaged: " + error.what());
        catalog_is_whole_ = false;
      }
    });
    walk(rows(CatalogRow::kDropped), "the catalog", [&](std::string_view key, std::string_view /*value*/) {
      store::SpaceId space = 0;
      for (const char byte : key.substr(catalog_key(CatalogRow::kDropped).size())) {
        space = space << 8 | static_cast<unsigned char>(byte);
      }
      dropped_.insert(space);
    });
  }

  /// Checks that each record of each stream can be read, and that its number is in its shard's range.
  void check_streams() {
    walk(rows(CatalogRow::kStream), "the catalog", [&](std::string_view key, std::string_view value) {
      store::SpaceId space = 0;
      for (const char byte : key.substr(catalog_key(CatalogRow::kStream).size())) {
        space = space << 8 | static_cast<unsigned char>(byte);
      }
      known_.insert(space);
      streams_.insert(space);
      try {
        check_stream(stream_from_json(value, space));
      } catch (const std::exception& error) {
        report_.add("the stream in space " + std::to_string(space) +
                    ": its row in the catalog is damaged: " + error.what());
      }
    });
    for (const Table& table : tables_) {
      if (table.stream_space != 0 && !streams_.contains(table.stream_space)) {
        report_.add("table " + table.name + ": its stream is missing");
      }
      if (table.recovery_space != 0 && !streams_.contains(table.recovery_space)) {
        report_.add("table " + table.name + ": the log of its point-in-time recovery is missing");
      }
      for_each_region(table, [&](std::string_view /*region*/, const std::vector<KinesisDestination>& destinations) {
        for (const KinesisDestination& destination : destinations) {
          if (destination.space == 0 || streams_.contains(destination.space)) continue;
          report_.add("table " + table.name + ": the log of its Kinesis destination is missing");
        }
      });
    }
  }

  void check_stream(const StreamInfo& stream) {
    const std::string what = stream.is_for_recovery()
                                 ? "the log of the point-in-time recovery of table " + stream.table_name
                             : stream.is_delivery ? "the log of a Kinesis destination of table " + stream.table_name
                                                  : "the stream of table " + stream.table_name + " of " + stream.label;
    for (const Shard& shard : stream.shards) {
      const std::string lower = log_key(stream.space, shard.id, shard.trimmed_before);
      const std::string upper = store::prefix_end(log_key(stream.space, shard.id, 0).substr(0, kShardPrefixBytes));
      walk({.lower = lower, .upper = upper}, what, [&](std::string_view key, std::string_view value) {
        try {
          const LogNumber number = log_number_of(key);
          read_log_record(value);
          if (number < shard.first_number || (shard.last_number && number > *shard.last_number)) {
            report_.add(what + ": a record lies outside the range of its shard");
          }
        } catch (const core::DamageError& error) {
          report_.add(what + ": a record cannot be read: " + error.what());
        }
      });
    }
  }

  void check_table(const Table& table) {
    known_.insert(table.space);
    Sums found;
    found[table.space] = {};
    const std::string what = "table " + table.name;
    std::string stored_entry;
    walk(space_bounds(table.space), what, [&](std::string_view key, std::string_view value) {
      try {
        check_item(table, key, value, found, stored_entry);
      } catch (const std::exception& error) {
        report_.add(what + ", key " + key_for_report(key) + ": " + error.what());
      }
    });
    for (const Index& index : table.indexes) check_index(table, index, found);
    check_expiry_rows(table, found);
    check_counters(table, found);
    const Counts& counts = found[table.space];
    report_.tables.push_back(
        {.name = table.name, .items = counts.items, .size_bytes = counts.size_bytes, .indexes = table.indexes.size()});
  }

  void check_item(const Table& table, std::string_view key, std::string_view value, Sums& found,
                  std::string& stored_entry) {
    const StoredValue stored = read_value(value);
    Counts& counts = found[table.space];
    ++counts.items;
    counts.size_bytes += stored.size_bytes;
    const json::Item item = read_whole_item(stored);
    if (key_of(table, item) != key) throw core::DamageError("the item lies under the key of another");
    if (table.ttl_space != 0) check_expiry_row(table, key, item, found);
    for (const Index& index : table.indexes) {
      if (is_deleted(index)) continue;
      const auto entry = make_index_entry(table, index, item, stored.json, stored.size_bytes, key_parts(key));
      if (!entry) continue;
      if (!store_.get(entry->key, stored_entry)) {
        // An index that is being built gets its entries later.
        if (!index.backfilling) report_.add("table " + table.name + ", index " + index.name + ": an entry is missing");
        continue;
      }
      if (!entry->is_stored_as(stored_entry)) {
        report_.add("table " + table.name + ", index " + index.name + ": an entry differs from its item");
      }
      Counts& index_counts = found[index.space];
      ++index_counts.items;
      index_counts.size_bytes += entry->size_bytes;
    }
  }

  /// check_item has counted the entries that items must have and that exist; any row beyond that number has no item.
  void check_index(const Table& table, const Index& index, Sums& found) {
    known_.insert(index.space);
    if (is_deleted(index)) return;
    std::uint64_t entries = 0;
    const std::string what = "table " + table.name + ", index " + index.name;
    walk(space_bounds(index.space), what, [&](std::string_view, std::string_view) { ++entries; });
    const std::uint64_t expected = found[index.space].items;
    if (entries > expected) report_.add(what + ": " + std::to_string(entries - expected) + " entries without an item");
  }

  void check_expiry_row(const Table& table, std::string_view key, const json::Item& item, Sums& found) {
    const auto seconds = expiry_seconds(item, table.ttl_attribute);
    if (!seconds) return;
    if (store_.visit(expiry_key(table.ttl_space, *seconds, std::string(key)), [](std::string_view) {})) {
      ++found[table.ttl_space].items;
    } else if (!table.ttl_building) {
      report_.add("table " + table.name + ": the row by which an item expires is missing");
    }
  }

  void check_expiry_rows(const Table& table, const Sums& found) {
    if (table.ttl_space == 0) return;
    known_.insert(table.ttl_space);
    std::uint64_t rows_there = 0;
    const std::string what = "table " + table.name + ", rows by expiry";
    walk(space_bounds(table.ttl_space), what, [&](std::string_view, std::string_view) { ++rows_there; });
    const std::uint64_t expected = found.contains(table.ttl_space) ? found.at(table.ttl_space).items : 0;
    if (rows_there > expected) report_.add(what + ": " + std::to_string(rows_there - expected) + " without an item");
  }

  void check_counters(const Table& table, const Sums& found) {
    Sums counted;
    const std::string lower = catalog_key(CatalogRow::kCounters, table.space);
    walk({.lower = lower, .upper = store::prefix_end(lower)}, "the counters of table " + table.name,
         [&](std::string_view, std::string_view value) {
           while (!value.empty()) {
             Counts& counts = counted[static_cast<store::SpaceId>(read_varint(value))];
             counts.items += read_varint(value);
             counts.size_bytes += read_varint(value);
           }
         });
    const auto compare = [&](const std::string& what, store::SpaceId space) {
      const Counts is = found.contains(space) ? found.at(space) : Counts{};
      const Counts says = counted[space];
      if (is.items == says.items && is.size_bytes == says.size_bytes) return;
      report_.add(what + ": the counters say " + std::to_string(says.items) + " items with " +
                  std::to_string(says.size_bytes) + " bytes; there are " + std::to_string(is.items) + " with " +
                  std::to_string(is.size_bytes));
    };
    compare("table " + table.name, table.space);
    for (const Index& index : table.indexes) {
      if (!is_deleted(index)) compare("table " + table.name + ", index " + index.name, index.space);
    }
  }

  /// Reports spaces with rows that belong to no table; looks at one row of each space.
  void check_spaces() {
    if (!catalog_is_whole_) return;
    try {
      std::string lower;
      store::append_space(1, lower);
      const auto cursor = store_.cursor(lower, "");
      cursor->seek_to_first();
      while (cursor->valid()) {
        store::SpaceId space = 0;
        for (const char byte : cursor->key().substr(0, sizeof(space))) {
          space = space << 8 | static_cast<unsigned char>(byte);
        }
        if (!known_.contains(space) && !dropped_.contains(space)) {
          report_.add("there are rows in space " + std::to_string(space) + ", which no table has");
        }
        const std::string next = space_bounds(space).upper;
        if (next.empty()) break;
        cursor->seek(next);
      }
    } catch (const std::exception&) {
      // Already reported by the check of the damaged space.
    }
  }

  /// Space and hash only, as the parts after them are the user's data.
  static std::string key_for_report(std::string_view key) { return core::hexadecimal(key.substr(0, kKeyHeadBytes)); }

  const store::Store& store_;
  CheckReport& report_;
  std::vector<Table> tables_;
  std::set<store::SpaceId> known_;
  std::set<store::SpaceId> dropped_;
  std::set<store::SpaceId> streams_;
  bool catalog_is_whole_ = true;
};

using Check = std::function<void(Checker&)>;

/// Throws store::OpenError if there is nothing to check.
void with_checker(const fs::path& directory, CheckReport& report, const Check& check) {
  store::Options options;
  options.directory = directory;
  options.read_only = true;
  options.create_if_missing = false;
  try {
    const auto store = store::Store::open(options);
    Checker checker(*store, report);
    check(checker);
  } catch (const store::DamagedError& error) {
    report.add(error.what());
  }
}

/// Checks a backup or snapshot. It is a problem if it cannot be opened.
CheckReport check_checkpoint(const fs::path& folder, const Check& check) {
  CheckReport report;
  try {
    with_checker(folder, report, check);
  } catch (const store::OpenError& error) {
    report.add(error.what());
  }
  return report;
}

}  // namespace

void CheckReport::add(std::string problem) {
  ++problem_count;
  if (problems.size() < kMaxProblems) problems.push_back(std::move(problem));
}

void CheckReport::add_checkpoint(const std::string& what, CheckReport found) {
  checkpoints.push_back({.what = what, .tables = std::move(found.tables)});
  for (const std::string& problem : found.problems) add(what + ": " + problem);
  problem_count += found.problem_count - found.problems.size();
  checkpoint_problem_count += found.problem_count;
}

CheckReport check_directory(const fs::path& directory) {
  CheckReport report;
  std::vector<BackupInfo> backups;
  with_checker(directory, report, [&](Checker& checker) {
    checker.check_all();
    backups = checker.read_backups();
  });
  for (const BackupInfo& backup : backups) {
    const auto check = [&](Checker& checker) { checker.check_only(backup.table); };
    report.add_checkpoint("backup " + backup.id + " of table " + backup.table.name,
                          check_checkpoint(directory / "backups" / backup.id, check));
  }
  for (const std::string& name : snapshot_folders(directory)) {
    const auto check = [](Checker& checker) { checker.check_all(); };
    report.add_checkpoint("snapshot " + name, check_checkpoint(directory / "snapshots" / name, check));
  }
  return report;
}

}  // namespace stator::engine
