#include "engine/repair.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "core/damage_error.h"
#include "engine/import/import_info.h"
#include "engine/index_entry.h"
#include "engine/keys.h"
#include "engine/log/record.h"
#include "engine/log/stream.h"
#include "engine/replicas.h"
#include "engine/snapshots.h"
#include "engine/state.h"
#include "engine/stored_value.h"
#include "engine/table_json.h"
#include "engine/whole_item.h"
#include "json/item.h"
#include "store/marker.h"
#include "store/salvage.h"
#include "store/small_file.h"
#include "store/store.h"

namespace stator::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBatchRows = 500;

/// Writes rows in batches.
class Rows {
 public:
  explicit Rows(store::Store& store) : store_(store) {}
  void put(std::string_view key, std::string_view head, std::string_view tail = {}) {
    batch_.put(key, head, tail);
    if (++count_ % kBatchRows == 0) write();
  }
  void write() {
    if (!batch_.empty()) store_.write(batch_);
    batch_.clear();
  }

 private:
  store::Store& store_;
  store::Batch batch_;
  std::size_t count_ = 0;
};

/// "TO.lost", or "TO.lost-2" and so on if that exists from an earlier repair.
fs::path new_folder_beside(const fs::path& to) {
  fs::path folder = to.lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  folder.concat(".lost");
  const std::string first = folder.string();
  for (std::size_t number = 2; fs::exists(folder); ++number) folder = first + "-" + std::to_string(number);
  return folder;
}

/// Whether the directory was left by a repair that did not finish.
bool is_unfinished(const fs::path& directory) {
  try {
    const auto text = store::read_small_file(directory / store::kMarkerFile);
    return text && store::parse_marker(*text).names(store::Feature::kUnfinished);
  } catch (const std::runtime_error&) {
    return false;
  }
}

class Repair {
 public:
  /// `from` and `to`: the stores of `folder` and `new_folder`.
  Repair(fs::path folder, const store::Salvage& from, fs::path new_folder, store::Store& to, RepairReport& report)
      : folder_(std::move(folder)),
        from_(from),
        new_folder_(std::move(new_folder)),
        rows_(to),
        lost_tables_folder_(new_folder_beside(new_folder_)),
        report_(report) {}

  void run() {
    copy_catalog();
    for (const Table& table : tables_) copy_table(table);
    for (const store::SpaceId space : streams_) copy_stream(space);
    report_lost_tables();
    rows_.write();
    copy_checkpoints();
  }

 private:
  /// The counters, by part and space.
  using Figures = std::map<std::size_t, std::map<store::SpaceId, Counts>>;

  /// Copies all rows except those of counters, progress and deletions, which are made anew or not needed.
  void copy_catalog() {
    std::string end;
    store::append_space(1, end);
    const std::size_t damaged = from_.walk(
        catalog_key(CatalogRow::kCounters).substr(0, 4), end, [&](std::string_view key, std::string_view value) {
          const auto row = static_cast<CatalogRow>(key.size() > 4 ? key[4] : '\0');
          if (row == CatalogRow::kTable) {
            read_table_row(key, value);
          } else if (row == CatalogRow::kNextSpace) {
            next_space_ = std::max(next_space_, std::strtoull(std::string(value).c_str(), nullptr, 10));
          } else if (row == CatalogRow::kCounters) {
            read_counters(key, value);
          } else if (row == CatalogRow::kStream) {
            copy_stream_row(key, value);
          } else if (row == CatalogRow::kDropped) {
            known_.insert(space_after(key, 5));
          } else if (row != CatalogRow::kBuild) {
            if (row == CatalogRow::kBackup) backups_.emplace_back(key.substr(catalog_key(row).size()));
            rows_.put(key, value);
          }
        });
    if (damaged > 0) {
      report_loss("the catalog is damaged in " + places(damaged));
      const std::string counters = catalog_key(CatalogRow::kCounters);
      counters_are_whole_ = from_.walk(counters, store::prefix_end(counters), [](auto, auto) {}) == 0;
    }
    if (from_.lost_whole_files()) {
      counters_are_whole_ = false;
      report_.lost_other_rows = true;
    }
    for (const Table& table : tables_) {
      next_space_ = std::max<unsigned long long>(next_space_, table.space + 1ULL);
      for (const Index& index : table.indexes) {
        next_space_ = std::max<unsigned long long>(next_space_, index.space + 1ULL);
      }
    }
    for (const store::SpaceId space : streams_) next_space_ = std::max<unsigned long long>(next_space_, space + 1ULL);
    rows_.put(catalog_key(CatalogRow::kNextSpace), std::to_string(next_space_));
    put_table_rows();
  }

  /// The space at position `at` of a key.
  static store::SpaceId space_after(std::string_view key, std::size_t at) {
    store::SpaceId space = 0;
    for (const char byte : key.substr(std::min(at, key.size()), sizeof(space))) {
      space = space << 8 | static_cast<unsigned char>(byte);
    }
    return space;
  }

  /// Reports the loss of anything but items of a saved table.
  void report_loss(std::string line) {
    report_.lines.push_back(std::move(line));
    report_.lost_other_rows = true;
  }

  void copy_stream_row(std::string_view key, std::string_view value) {
    const store::SpaceId space = space_after(key, 5);
    known_.insert(space);
    try {
      const StreamInfo stream = stream_from_json(value, space);
      if (stream.stopped_ms == 0) stream_tables_.insert(stream.table_name);
      rows_.put(key, value);
      streams_.push_back(space);
    } catch (const std::exception& error) {
      report_loss(std::string("a stream is lost: its row in the catalog is damaged: ") + error.what());
    }
  }

  /// Writes the tables' rows. Called when it is known which streams were saved.
  void put_table_rows() {
    for (Table& table : tables_) {
      // If its stream is lost, a new one begins when the directory is opened.
      if (std::ranges::find(streams_, table.stream_space) == streams_.end()) table.stream_space = 0;
      if (std::ranges::find(streams_, table.recovery_space) == streams_.end()) {
        table.recovery_space = 0;
        table.recovery_days = 0;
        for (Replica& replica : table.replicas) replica.settings.recovery_days = 0;
      }
      for_each_region(table, [this](std::string_view /*region*/, std::vector<KinesisDestination>& destinations) {
        for (KinesisDestination& destination : destinations) {
          if (std::ranges::find(streams_, destination.space) == streams_.end()) destination.space = 0;
        }
      });
      rows_.put(catalog_key(CatalogRow::kTable, table.name), table_to_json(table));
    }
  }

  void copy_stream(store::SpaceId space) {
    const KeyBounds bounds = space_bounds(space);
    std::uint64_t unreadable = 0;
    const std::size_t damaged =
        from_.walk(bounds.lower, bounds.upper, [&](std::string_view key, std::string_view value) {
          try {
            log_number_of(key);
            read_log_record(value);
            rows_.put(key, value);
          } catch (const core::DamageError&) {
            ++unreadable;
          }
        });
    if (damaged > 0) report_loss("a stream is damaged in " + places(damaged));
    if (unreadable > 0) report_loss("a stream: " + std::to_string(unreadable) + " records cannot be read");
  }

  void read_table_row(std::string_view key, std::string_view value) {
    const std::string name(key.substr(catalog_key(CatalogRow::kTable).size()));
    try {
      Table table = table_from_json(value);
      if (table.name != name) throw core::DamageError("it names another table");
      known_.insert({table.space, table.ttl_space});
      // The progress of its restore may be lost, and the source of the restore still exists.
      if (table.restore && table.restore->copying && !is_import(*table.restore)) {
        for (const Index& index : table.indexes) known_.insert(index.space);
        return report_loss("table " + name + " was being restored and is left out; restore it once more");
      }
      // All index entries are made by copy_item.
      for (Index& index : table.indexes) {
        known_.insert(index.space);
        index.backfilling = false;
      }
      // Expiry rows are made anew when the directory is opened.
      table.ttl_space = 0;
      table.ttl_building = false;
      tables_.push_back(std::move(table));
    } catch (const std::exception& error) {
      report_loss("table " + name + " is lost: its row in the catalog is damaged: " + error.what());
      lost_tables_.insert(name);
    }
  }

  /// Adds up a table's item count from the cells of its own space; the counts of its indexes follow from the items. The
  /// figures of one part may be below zero.
  void read_counters(std::string_view key, std::string_view value) {
    const store::SpaceId table_space = space_after(key, 5);
    try {
      while (!value.empty()) {
        const auto space = static_cast<store::SpaceId>(read_varint(value));
        const std::uint64_t items = read_varint(value);
        read_varint(value);
        if (space == table_space) {
          counted_[space] += items;
        } else {
          counted_indexes_.insert(space);
        }
      }
    } catch (const core::DamageError&) {
      report_.lines.emplace_back("a row of counters is damaged");
      counters_are_whole_ = false;
    }
  }

  /// Copies backups and snapshots, which are complete data directories. Damage in one is reported when it is used.
  void copy_checkpoints() {
    for (const std::string& id : backups_) copy_checkpoint("backup " + id, fs::path("backups") / id);
    for (const std::string& name : snapshot_folders(folder_)) {
      copy_checkpoint("snapshot " + name, fs::path("snapshots") / name);
    }
  }

  void copy_checkpoint(const std::string& what, const fs::path& path) {
    try {
      store::copy_checkpoint(folder_ / path, new_folder_ / path);
    } catch (const std::system_error& error) {
      report_loss(what + " is lost: " + error.what());
    }
  }

  void copy_table(const Table& table) {
    Figures figures;
    std::uint64_t unreadable = 0;
    RepairReport::TableSaved saved{.name = table.name};
    const KeyBounds bounds = space_bounds(table.space);
    const std::size_t damaged =
        from_.walk(bounds.lower, bounds.upper, [&](std::string_view key, std::string_view value) {
          try {
            copy_item(table, key, value, figures);
            ++saved.items;
          } catch (const std::exception&) {
            ++unreadable;
          }
        });
    if (damaged > 0) report_.lines.push_back("table " + table.name + " is damaged in " + places(damaged));
    if (unreadable > 0) {
      report_.lines.push_back("table " + table.name + ": " + std::to_string(unreadable) + " items cannot be read");
      report_.unreadable_items += unreadable;
    }
    if (counters_are_whole_) {
      const std::uint64_t expected = known_items(counted_[table.space]);
      saved.lost_items = expected > saved.items ? expected - saved.items : 0;
    } else {
      saved.loss_is_unknown = damaged > 0 || unreadable > 0 || from_.lost_whole_files();
    }
    report_.tables.push_back(std::move(saved));
    put_figures(table, figures);
  }

  void copy_item(const Table& table, std::string_view key, std::string_view value, Figures& figures) {
    const StoredValue stored = read_value(value);
    const json::Item item = read_whole_item(stored);
    std::vector<IndexEntry> entries;
    std::vector<store::SpaceId> spaces;
    for (const Index& index : table.indexes) {
      auto entry = make_index_entry(table, index, item, stored.json, stored.size_bytes, key_parts(key));
      if (!entry) continue;
      entries.push_back(std::move(*entry));
      spaces.push_back(index.space);
    }
    auto& sums = figures[store::partition_hash(key) % Counters::kParts];
    rows_.put(key, value);
    add(sums[table.space], stored.size_bytes);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      rows_.put(entries[i].key, entries[i].head(), entries[i].json());
      add(sums[spaces[i]], entries[i].size_bytes);
    }
  }

  static void add(Counts& counts, std::size_t size_bytes) {
    ++counts.items;
    counts.size_bytes += size_bytes;
  }

  void put_figures(const Table& table, const Figures& figures) {
    for (const auto& [part, sums] : figures) {
      std::string key = catalog_key(CatalogRow::kCounters, table.space);
      key.push_back(static_cast<char>(part));
      std::string value;
      for (const auto& [space, counts] : sums) {
        append_varint(space, value);
        append_varint(counts.items, value);
        append_varint(counts.size_bytes, value);
      }
      rows_.put(key, value);
    }
  }

  /// Reports the tables whose rows in the catalog are lost: their names, if streams name them, and their items, which
  /// are in spaces that no known table has.
  void report_lost_tables() {
    for (const Table& table : tables_) {
      stream_tables_.erase(table.name);
      counted_.erase(table.space);
    }
    for (const std::string& name : stream_tables_) {
      if (lost_tables_.insert(name).second) {
        report_loss("table " + name + " is lost: its row in the catalog is gone");
      }
    }
    const std::map<store::SpaceId, std::uint64_t> saved = save_items_in_unknown_spaces();
    std::map<store::SpaceId, std::uint64_t> items = saved;
    for (const auto& [space, sum] : counted_) {
      if (const std::uint64_t count = known_items(sum); count > items[space]) items[space] = count;
    }
    for (const auto& [space, count] : items) {
      if (count == 0 || is_accounted_for(space)) continue;
      std::string what = std::to_string(count) + (count == 1 ? " item" : " items");
      if (!counted_.contains(space)) what += " or entries of an index";
      std::string line =
          "a table whose row in the catalog is gone had " + what + " (space " + std::to_string(space) + ")";
      if (const auto found = saved.find(space); found != saved.end()) {
        line += ", " + (found->second == count ? "which are" : std::to_string(found->second) + " of them") + " in " +
                file_of_space(space).string();
      }
      report_loss(std::move(line));
      report_.unreadable_items += count;
    }
  }

  [[nodiscard]] bool is_accounted_for(store::SpaceId space) const {
    return known_.contains(space) || counted_indexes_.contains(space);
  }

  [[nodiscard]] fs::path file_of_space(store::SpaceId space) const {
    return lost_tables_folder_ / ("space-" + std::to_string(space) + ".jsonl");
  }

  void close(std::ofstream& out) const {
    if (!out.is_open()) return;
    out.close();
    if (!out) throw store::OpenError("the files in " + lost_tables_folder_.string() + " cannot be written");
  }

  /// Writes the items or index entries in unknown spaces into files, one for each space, and counts them by space.
  std::map<store::SpaceId, std::uint64_t> save_items_in_unknown_spaces() {
    std::map<store::SpaceId, std::uint64_t> items;
    std::ofstream out;
    const auto save = [&](store::SpaceId space, std::string_view value) {
      if (!is_item(value) || is_accounted_for(space)) return;
      if (items[space]++ == 0) {
        if (fs::create_directories(lost_tables_folder_)) fs::permissions(lost_tables_folder_, fs::perms::owner_all);
        report_.lost_tables = lost_tables_folder_;
        // Rows are read in the order of their spaces.
        close(out);
        out.open(file_of_space(space), std::ios::binary | std::ios::trunc);
      }
      out << read_value(value).json << '\n';
      if (!out) throw store::OpenError(file_of_space(space).string() + " cannot be written");
    };
    const auto save_between = [&](const std::string& lower, const std::string& upper) {
      if (!upper.empty() && lower >= upper) return;
      from_.walk(lower, upper, [&](std::string_view key, std::string_view value) { save(space_after(key, 0), value); });
    };
    std::string lower = space_bounds(0).upper;
    for (const store::SpaceId space : known_) {
      if (space == 0) continue;
      const KeyBounds bounds = space_bounds(space);
      save_between(lower, bounds.lower);
      lower = bounds.upper;
    }
    if (!lower.empty()) save_between(lower, "");
    close(out);
    return items;
  }

  static bool is_item(std::string_view value) {
    try {
      read_whole_item(read_value(value));
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  /// If rows of some parts are missing, the sum may be wrong; if it is below zero it is certainly wrong, and counts as
  /// zero.
  static std::uint64_t known_items(std::uint64_t sum) { return static_cast<std::int64_t>(sum) < 0 ? 0 : sum; }

  static std::string places(std::size_t count) { return count == 1 ? "one place" : std::to_string(count) + " places"; }

  const fs::path folder_;
  const store::Salvage& from_;
  const fs::path new_folder_;
  Rows rows_;
  const fs::path lost_tables_folder_;
  RepairReport& report_;
  std::vector<Table> tables_;
  std::vector<store::SpaceId> streams_;
  /// The ids of all backups in the catalog.
  std::vector<std::string> backups_;
  /// The names of lost tables.
  std::set<std::string> lost_tables_;
  /// The names of tables with streams that were not disabled.
  std::set<std::string> stream_tables_;
  /// Spaces whose rows are accounted for: those of tables, indexes, expiry rows and streams, and those that were being
  /// deleted.
  std::set<store::SpaceId> known_;
  std::map<store::SpaceId, std::uint64_t> counted_;
  std::set<store::SpaceId> counted_indexes_;
  bool counters_are_whole_ = true;
  unsigned long long next_space_ = 1;
};

}  // namespace

bool RepairReport::lost_anything() const {
  for (const TableSaved& table : tables) {
    if (table.lost_items > 0 || table.loss_is_unknown) return true;
  }
  return unreadable_items > 0 || lost_other_rows;
}

RepairReport repair_directory(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (fs::exists(to, error) && !fs::is_empty(to, error)) {
    throw store::OpenError(to.string() + (is_unfinished(to) ? " is what a repair left that was ended; remove it first"
                                                            : " is not empty; a repair needs a new directory"));
  }
  if (!fs::is_directory(from, error)) throw store::OpenError("there is no data directory " + from.string());
  RepairReport report;
  store::Options options;
  options.directory = to;
  // Beside the new directory, as a store's directory must contain nothing else.
  fs::path scratch = fs::absolute(to).lexically_normal();
  if (!scratch.has_filename()) scratch = scratch.parent_path();
  const store::Salvage salvage(from, scratch.concat(".salvage"), report.lines);
  const auto store = store::Store::open(options);
  // Without this feature, a repair that is interrupted would leave a valid directory that lacks items.
  store->require(store::Feature::kUnfinished);
  Repair(from, salvage, to, *store, report).run();
  store->release(store::Feature::kUnfinished);
  return report;
}

}  // namespace stator::engine
