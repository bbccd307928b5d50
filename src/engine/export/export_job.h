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

/// Writes the files of one export. Where the present has to be undone, the old versions of what changed since are noted
/// in a store of their own beside the checkpoint, so that there may be more of them than memory holds.
class ExportWriter final : public Job {
 public:
  struct Settings {
    const Backups& backups;
    const core::Clock& clock;
    const Buckets& buckets;
    /// Where the store of old versions goes; empty: into memory.
    std::filesystem::path scratch;
    /// Takes the export as it has ended.
    std::function<void(ExportInfo)> ended;
  };
  ExportWriter(ExportInfo info, Settings settings);
  ~ExportWriter() override;
  JobStep step() override;
  [[nodiscard]] JobProgress progress() const override { return progress_; }

 private:
  enum class Phase : std::uint8_t { kPrepare, kRewind, kItems, kOldItems, kChanges, kFinish };

  /// Does a part of the work; false at the end.
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
  /// One line of an incremental export. An empty image means that there is none.
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
  /// Rows: 'A' or 'B', then the key of an item. A: what it was at the end of what is exported. B, of incremental
  /// exports: the time of its last change within it, and what it was at its beginning.
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
