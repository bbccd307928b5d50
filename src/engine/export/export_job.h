#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/backup/backups.h"
#include "engine/backup/rewind.h"
#include "engine/bucket/bucket.h"
#include "engine/export/data_file.h"
#include "engine/export/export_filter.h"
#include "engine/export/export_info.h"
#include "engine/jobs.h"
#include "store/store.h"

namespace stator::engine {

/// Writes the files of one export. If changes must be undone, the old versions of the changed items are kept in a
/// temporary store beside the checkpoint, so that they need not fit into memory.
class ExportWriter final : public Job {
 public:
  struct Settings {
    const Backups& backups;
    const core::Clock& clock;
    const Buckets& buckets;
    /// The directory of the store of old versions; empty: in memory.
    std::filesystem::path scratch;
    /// Called with the ended export.
    std::function<void(ExportInfo)> ended;
  };
  ExportWriter(ExportInfo info, Settings settings);
  ~ExportWriter() override;
  JobStep step() override;
  [[nodiscard]] JobProgress progress() const override { return progress_; }

 private:
  enum class Phase : std::uint8_t { kPrepare, kRewind, kItems, kOldItems, kChanges, kFinish };

  /// Does part of the work; false when all is done.
  bool advance();
  void prepare();
  void rewind();
  void write_items();
  void write_old_items();
  void write_changes();
  void finish();
  void fail(const std::string& code, const std::string& message);

  void append_item(std::string_view stored);
  void append_change(std::string_view key, std::string_view noted);
  /// One line of an incremental export. An image that does not exist is empty.
  struct Change {
    std::string time_us;
    std::string keys;
    std::string new_image;
    std::string old_image;
  };
  static std::string json_line(const Change& change);
  static std::string ion_line(const Change& change);
  void append_line(std::string_view line, std::size_t size_bytes);
  void end_file();

  ExportInfo info_;
  const Settings settings_;
  Phase phase_ = Phase::kPrepare;
  std::unique_ptr<Bucket> bucket_;
  std::unique_ptr<store::Store> cut_;
  Table table_;
  std::optional<ExportFilter> filter_;
  /// The old versions. Keys: 'A' or 'B', then the key of an item. 'A': the item at the end of the exported period. 'B'
  /// (incremental exports): the time of the item's last change in the period, and the item at its beginning.
  std::unique_ptr<store::Store> scratch_;
  std::string position_;
  std::unique_ptr<DataFile> file_;
  std::uint64_t file_items_ = 0;
  std::uint64_t files_ = 0;
  std::string manifest_;
  std::uint64_t size_bytes_ = 0;
  JobProgress progress_;
};

}  // namespace stator::engine
