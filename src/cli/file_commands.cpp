#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <optional>
#include <vector>

#include "cli/command.h"
#include "cli/file_error.h"
#include "cli/interrupt.h"
#include "cli/item_printing.h"
#include "cli/progress_bar.h"
#include "cli/target.h"
#include "cli/transfer.h"
#include "json/object_writer.h"
#include "toolkit/compressed_stream.h"
#include "toolkit/export_folder.h"
#include "toolkit/expression_words.h"
#include "toolkit/item_file.h"
#include "toolkit/same_table.h"
#include "toolkit/segment_scan.h"
#include "toolkit/table_info.h"
#include "toolkit/table_writer.h"
#include "toolkit/text_table.h"
#include "toolkit/transfer_lock.h"

/// stator export, import: copies whole tables to and from files.
namespace stator::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kMaxJobs = 64;
constexpr std::uint64_t kMostBadItemsTold = 20;

/// The format by --format, else by the file's ending; nullopt if neither tells.
std::optional<toolkit::FileFormat> file_format(const std::string& name, const std::string& file) {
  if (name == "jsonl") return toolkit::FileFormat::kPlain;
  if (name == "ddb-json") return toolkit::FileFormat::kDdbJson;
  if (name == "csv") return toolkit::FileFormat::kCsv;
  if (name == "ion") return toolkit::FileFormat::kIon;
  return toolkit::format_of_file(file);
}

/// The format of a file to be written.
toolkit::FileFormat export_format(const std::string& name, const std::string& file) {
  if (toolkit::is_compressed_name(file) && !toolkit::is_gzip_name(file))
    throw toolkit::WordError(file + ": export compresses with gzip alone: " + toolkit::without_compressed_ending(file) +
                             ".gz");
  if (const auto format = file_format(name, file)) return *format;
  throw toolkit::WordError(file +
                           ": unknown format; use --format jsonl, ddb-json, csv or ion, or a name that ends in .jsonl, "
                           ".csv or .ion");
}

CLI::Option* add_format(CLI::App& command, std::string& format) {
  return command
      .add_option("--format", format,
                  "jsonl (plain JSON, one item per line), ddb-json (DynamoDB JSON), csv or ion; else by FILE")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"jsonl", "ddb-json", "csv", "ion"}));
}

// --- export --------------------------------------------------------------------------------------------------------

struct ExportOptions {
  std::string table;
  std::string file = "-";
  std::string format;
  std::uint32_t segments = 4;
  double rate = 0;
  bool restart = false;
};

constexpr std::chrono::milliseconds kBetweenSaves{100};

/// Where an export goes.
struct Destination {
  /// The export is written to a draft beside the file, which replaces the file when it is complete; a later run may
  /// continue the draft.
  bool has_draft = false;
  /// For a link, its target, so that the link stays.
  std::string file;
  [[nodiscard]] std::string draft() const { return file + ".part"; }
  [[nodiscard]] bool is_standard_output() const { return file == "-"; }
};

/// Devices and pipes have no draft: renamed to /dev/null, it would replace the device.
Destination destination_of(const std::string& file) {
  if (file == "-") return {false, file};
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (status.type() == fs::file_type::directory) {
    errno = EISDIR;
    throw file_error("write", file);
  }
  if (status.type() != fs::file_type::regular) return {status.type() == fs::file_type::not_found, file};
  const fs::path target = fs::canonical(file, error);
  return {true, error ? file : target.string()};
}

/// The file of an export. With a draft, the file gets its name when it is complete; if the export is interrupted, the
/// draft stays.
class OutputFile {
 public:
  /// `draft`: empty if there is none. `resumed_bytes`: how much of an earlier draft to keep.
  OutputFile(std::string file, std::string draft, std::uint64_t resumed_bytes)
      : file_(std::move(file)), draft_(std::move(draft)) {
    std::error_code error;
    if (resumed_bytes > 0) fs::resize_file(draft_, resumed_bytes, error);
    errno = error.value();
    if (!error) out_.open(written(), std::ios::binary | (resumed_bytes > 0 ? std::ios::app : std::ios::trunc));
    if (!out_ || error) throw file_error("write", written());
  }

  std::ostream& out() { return out_; }
  /// Throws if an earlier write failed.
  void check() const {
    if (!out_) throw file_error("write", written());
  }
  /// Flushes the buffer and returns the draft's size in bytes.
  std::uint64_t flush() {
    check();  // before errno is lost, if an earlier write failed
    errno = 0;
    out_.flush();
    check();
    return static_cast<std::uint64_t>(std::max<std::streamoff>(out_.tellp(), 0));
  }
  void finish() {
    check();
    errno = 0;
    out_.close();
    check();
    if (draft_.empty()) return;
    std::error_code error;
    // Give it the permissions of the file that it replaces.
    const fs::file_status replaced = fs::status(file_, error);
    if (fs::exists(replaced)) fs::permissions(draft_, replaced.permissions(), error);
    fs::rename(draft_, file_, error);
    errno = error.value();
    if (error) throw file_error("write", file_);
  }

 private:
  [[nodiscard]] const std::string& written() const { return draft_.empty() ? file_ : draft_; }

  std::string file_;
  std::string draft_;
  std::ofstream out_;
};

/// Compresses into a file if its name says so.
class MaybeCompressed {
 public:
  MaybeCompressed(std::ostream& out, const std::string& name)
      : out_(out), compressed_(toolkit::is_gzip_name(name) ? toolkit::gzip_into(out) : nullptr) {}
  std::ostream& out() { return compressed_ ? *compressed_ : out_; }
  /// Makes everything written so far readable in the file.
  void flush() {
    if (compressed_) compressed_->flush();
  }
  void finish() { compressed_.reset(); }

 private:
  std::ostream& out_;
  std::unique_ptr<std::ostream> compressed_;
};

/// Makes the CSV file from a complete draft, as its columns are known only then. Compresses it if `name` says so.
void write_csv_of(const std::string& draft, const std::string& file, const std::string& name,
                  const toolkit::TableInfo& table) {
  // If it is not completed, it is removed: the next run makes it again from the draft.
  const struct Unfinished {
    std::string file;
    ~Unfinished() {
      std::error_code ignored;
      fs::remove(file, ignored);
    }
  } csv{draft + ".csv"};
  OutputFile whole(file, csv.file, 0);
  {
    MaybeCompressed out(whole.out(), name);
    const auto output = toolkit::make_file_output(toolkit::FileFormat::kCsv, out.out(), table);
    std::ifstream items(draft, std::ios::binary);
    json::Parser parser;
    for (std::string line; std::getline(items, line);) {
      output->write(parser.parse(line).get_object().value());
      Interrupt::check();
    }
    if (items.bad() || !items.eof()) throw CommandError("stator: cannot read " + draft);
    output->finish();
  }
  whole.finish();
  std::error_code error;
  fs::remove(draft, error);
}

/// The state of an earlier run, if its draft is still complete.
std::optional<toolkit::TransferState> earlier_export(const Session& session, const toolkit::StateFile& file,
                                                     const TransferTable& table, const std::string& draft,
                                                     bool restart) {
  if (restart) file.remove();
  auto state = find_interrupted_transfer(session, "export", file, {table});
  std::error_code error;
  if (!state || fs::file_size(draft, error) < state->bytes || error) return std::nullopt;
  return state;
}

class Export {
 public:
  Export(Session& session, const ExportOptions& options)
      : session_(session),
        options_(options),
        destination_(destination_of(options.file)),
        format_(export_format(options.format, options.file)),
        endpoint_(paced(open_endpoint(session), options.rate)),
        table_(toolkit::describe_table(*endpoint_, options.table)) {}

  void run() {
    resume_earlier();
    open();
    double units = 0;
    try {
      units = write_items();
      complete();
    } catch (const CommandError& error) {
      if (!resumes() || error.exit_code == kInterruptedExit) throw;
      // A draft without saved progress is useless.
      std::error_code ignored;
      if (!is_noted_) fs::remove(destination_.draft(), ignored);
      throw CommandError(std::string(error.what()) + (is_noted_ ? kResumeHint : ""));
    }
    state_file_.remove();
    print_cost(session_,
               "exported " + counted(state_.total().items, "item") + " of table " + table_.name +
                   (earlier_items_ > 0 ? ", " + std::to_string(earlier_items_) + " of them earlier" : ""),
               units);
  }

 private:
  [[nodiscard]] bool resumes() const { return destination_.has_draft; }
  /// Whether the export is CSV with a draft, which holds the items as DynamoDB's JSON.
  [[nodiscard]] bool makes_csv_of_draft() const { return resumes() && format_ == toolkit::FileFormat::kCsv; }

  /// Finds how far an earlier run came.
  void resume_earlier() {
    if (resumes()) {
      lock_.emplace(destination_.draft(), toolkit::TransferLock::AtTheEnd::kKeep);
      std::string identity = "export of " + table_.name + " (" + endpoint_->describe() + ")";
      if (format_ == toolkit::FileFormat::kDdbJson) identity += ", DynamoDB JSON";
      if (format_ == toolkit::FileFormat::kCsv) identity += ", CSV";
      if (format_ == toolkit::FileFormat::kIon) identity += ", Ion";
      state_file_ = toolkit::StateFile(destination_.draft() + ".state", identity);
    }
    const auto earlier = earlier_export(session_, state_file_, {*endpoint_, table_, table_.name, false},
                                        destination_.draft(), options_.restart);
    if (earlier) {
      state_ = *earlier;
      is_noted_ = true;
    } else {
      state_.tables = {table_.identity};
      state_.segments.resize(options_.segments);
    }
    earlier_items_ = state_.total().items;
  }

  void open() {
    if (!destination_.is_standard_output())
      file_.emplace(destination_.file, resumes() ? destination_.draft() : std::string(), state_.bytes);
    const bool compresses = file_ && !makes_csv_of_draft();
    sink_.emplace(file_ ? file_->out() : *session_.out, compresses ? options_.file : std::string());
    output_ =
        toolkit::make_file_output(makes_csv_of_draft() ? toolkit::FileFormat::kDdbJson : format_, sink_->out(), table_);
  }

  /// Flushes what was read so far and saves the progress, so that a later run continues from there.
  void save() {
    if (!resumes()) return;
    sink_->flush();
    state_.bytes = file_->flush();
    try {
      state_file_.write(state_);
    } catch (const std::runtime_error& error) {
      throw CommandError(std::string("stator: ") + error.what());
    }
    is_noted_ = true;
  }

  /// Completes the file.
  void complete() {
    output_->finish();
    if (makes_csv_of_draft()) {
      save();
      try {
        write_csv_of(destination_.draft(), destination_.file, options_.file, table_);
      } catch (const Interrupted&) {
        throw_interrupted();
      }
    } else {
      sink_->finish();
      if (file_) file_->finish();
    }
  }

  /// Writes the items of all segments; returns the capacity units that reading them took.
  double write_items() {
    ProgressBar bar(*session_.err, session_.err_is_terminal && file_);
    auto saved_at = std::chrono::steady_clock::now();
    std::uint64_t done = earlier_items_;
    toolkit::SegmentScan scan;
    scan.table = options_.table;
    scan.with_capacity = true;
    // Eventually consistent reads cost half, and an export does not show a single moment anyway.
    scan.consistent = false;
    scan.sleep = Interrupt::sleep;
    scan.work = [](const json::Array& items, toolkit::SegmentState& segment) { segment.done.items += items.size(); };
    scan.commit = [&](const json::Array& items) {
      for (const json::Value item : items) output_->write(item.get_object().value());
      if (file_) file_->check();
      done += items.size();
      // The table's item count may be hours old.
      bar.show(done, std::max(done, table_.item_count));
      if (const auto now = std::chrono::steady_clock::now(); now - saved_at >= kBetweenSaves) {
        saved_at = now;
        save();
      }
      Interrupt::check();
    };
    try {
      return toolkit::scan_segments(*endpoint_, scan, state_.segments);
    } catch (const Interrupted&) {
      bar.clear();
      save();
      throw_interrupted();
    } catch (const toolkit::OperationError& error) {
      bar.clear();
      save();
      throw CommandError(toolkit::describe(error));
    }
  }

  [[noreturn]] void throw_interrupted() const {
    throw CommandError(
        "stator: interrupted: exported " + counted(state_.total().items, "item") + (resumes() ? kResumeHint : ""),
        kInterruptedExit);
  }

  Session& session_;
  const ExportOptions& options_;
  Interrupt interrupt_;
  const Destination destination_;
  const toolkit::FileFormat format_;
  const std::unique_ptr<endpoint::Endpoint> endpoint_;
  const toolkit::TableInfo table_;
  std::optional<toolkit::TransferLock> lock_;
  toolkit::StateFile state_file_;
  toolkit::TransferState state_;
  bool is_noted_ = false;  // a later run can continue the draft
  std::uint64_t earlier_items_ = 0;
  std::optional<OutputFile> file_;
  std::optional<MaybeCompressed> sink_;
  std::unique_ptr<toolkit::ItemOutput> output_;
};

// --- import --------------------------------------------------------------------------------------------------------

struct ImportOptions {
  std::string table;
  std::string file = "-";
  std::string format;
  std::uint32_t jobs = 4;
  double rate = 0;
  bool skip_bad = false;
  bool restart = false;
};

/// How often to wait until all items read so far are written, so that a later run can continue from there.
constexpr std::chrono::milliseconds kBetweenCheckpoints{200};

/// Called before anything else is done or asked.
void require_readable(const std::string& file) {
  if (file != "-" && ::access(file.c_str(), R_OK) != 0) throw file_error("read", file);
}

class Import {
 public:
  Import(Session& session, const ImportOptions& options)
      : session_(session),
        options_(options),
        endpoint_(paced(open_to_write(session, "importing into table " + options.table, options.table),
                        session.dry_run ? 0 : options.rate)),
        table_(toolkit::describe_table(*endpoint_, options.table)),
        writer_(*endpoint_, table_, session.dry_run ? 1 : options.jobs, Interrupt::sleep,
                [this](std::uint64_t line, const toolkit::OperationError& error) {
                  refuse({line, error.message});
                }) {}

  void run() {
    open();
    try {
      read_all();
      writer_.finish();
      report_refused();
    } catch (const toolkit::BadItem& error) {
      finish_after_fault();
      state_file_.remove();
      throw CommandError("stator: " + of_ + ":" + std::to_string(error.line) + ": " + error.what() + " (" +
                         counted(written(), "item") + " imported" +
                         (options_.skip_bad || error.ends_reading ? ")" : "; --skip-bad leaves bad ones out)"));
    } catch (const Interrupted&) {
      writer_.stop();
      throw CommandError("stator: interrupted: imported " + counted(written(), "item") + saved_progress_.hint(),
                         kInterruptedExit);
    } catch (const toolkit::OperationError& error) {
      throw CommandError(toolkit::describe(error) + saved_progress_.hint());
    }
    state_file_.remove();
    if (session_.dry_run) return;
    if (session_.output == OutputFormat::kJson) print_outcome();
    if (session_.quiet) return;
    *session_.err << "imported " << counted(written(), "item") << " into table " << table_.name;
    if (earlier_items_ > 0) *session_.err << ", " << earlier_items_ << " of them earlier";
    if (deletions_ > 0)
      *session_.err << ", " << deletions_ << (deletions_ == 1 ? " of them a deletion" : " of them deletions");
    if (bad_ > 0) *session_.err << ", " << counted(bad_, "bad item") << " left out";
    *session_.err << "\n";
  }

 private:
  void print_outcome() const {
    std::string outcome;
    json::ObjectWriter writer(outcome);
    writer.text("TableName", table_.name);
    writer.integer("Items", static_cast<std::int64_t>(written()));
    writer.integer("EarlierItems", static_cast<std::int64_t>(earlier_items_));
    writer.integer("Deletions", static_cast<std::int64_t>(deletions_));
    writer.integer("BadItems", static_cast<std::int64_t>(bad_));
    writer.end();
    print_json(session_, outcome);
  }

  [[nodiscard]] bool is_file() const { return options_.file != "-"; }
  [[nodiscard]] std::uint64_t written() const { return earlier_items_ + writer_.written(); }

  /// Finds the files, and how far an earlier run came.
  void open() {
    if (!is_file()) return;
    is_folder_ = fs::is_directory(options_.file);
    if (is_folder_ && !options_.format.empty() && options_.format != "ddb-json" && options_.format != "ion")
      throw toolkit::WordError("an AWS export is read as ddb-json or ion, not as " + options_.format);
    files_ = is_folder_ ? toolkit::export_data_files(options_.file) : std::vector<fs::path>{options_.file};
    state_.tables = {table_.identity};
    state_.segments.resize(files_.size());
    std::string parts;
    bool is_regular = true;
    for (const fs::path& file : files_) {
      std::error_code error;
      const std::uint64_t bytes = fs::file_size(file, error);
      is_regular = is_regular && fs::is_regular_file(file, error);
      if (!error) total_bytes_ += bytes;
      parts += ", " + std::to_string(bytes) + " bytes of " +
               std::to_string(fs::last_write_time(file, error).time_since_epoch().count());
    }
    // A pipe cannot be continued.
    if (session_.dry_run || !is_regular) return;
    const std::string identity = "import of " + fs::absolute(options_.file).string() + " into " + table_.name + " (" +
                                 endpoint_->describe() + ")" + parts;
    saved_progress_ = SavedProgress(session_, "import", identity);
    state_file_ = saved_progress_.file();
    if (options_.restart) state_file_.remove();
    const auto earlier =
        find_interrupted_transfer(session_, "import", state_file_, {{*endpoint_, table_, table_.name, true}});
    if (earlier && earlier->segments.size() == files_.size()) {
      state_ = *earlier;
      earlier_items_ = state_.total().items;
    }
  }

  /// The format to read the file in. Without --format, a file not named as CSV or Ion is recognised by its content.
  [[nodiscard]] toolkit::FileFormat format_of(const std::string& file) const {
    const auto named = file_format(options_.format, file);
    if (is_folder_) return named == toolkit::FileFormat::kIon ? *named : toolkit::FileFormat::kDdbJson;
    const bool may_be_json = named != toolkit::FileFormat::kCsv && named != toolkit::FileFormat::kIon;
    return options_.format.empty() && may_be_json ? toolkit::FileFormat::kAnyJson : *named;
  }

  void read_all() {
    ProgressBar bar(*session_.err, session_.err_is_terminal && total_bytes_ > 0);
    if (!is_file()) return read_items(*session_.in, format_of(options_.file), nullptr, bar);
    for (std::size_t i = 0; i < files_.size(); ++i) {
      toolkit::SegmentState& file = state_.segments[i];
      if (file.finished) continue;
      of_ = files_[i].string();
      std::ifstream plain;
      std::unique_ptr<std::istream> compressed;
      if (toolkit::is_compressed_name(of_)) {
        compressed = toolkit::open_compressed(of_);
      } else {
        errno = 0;
        plain.open(files_[i], std::ios::binary);
        if (!plain) throw file_error("read", of_);
      }
      read_items(compressed ? *compressed : plain, format_of(of_), &file, bar);
      writer_.drain();
      bar.clear();
      report_refused();
      file.finished = true;
      // The next file is read from its beginning.
      state_.bytes = 0;
      state_.lines = 0;
      note(file);
    }
  }

  /// Called on the writer's threads.
  void refuse(const toolkit::BadItem& error) {
    if (!options_.skip_bad) throw toolkit::BadItem(error);
    const std::lock_guard lock(refused_mutex_);
    refused_.push_back(error);
  }

  [[nodiscard]] bool has_refused() {
    const std::lock_guard lock(refused_mutex_);
    return !refused_.empty();
  }

  /// Reports refused items before their lines are saved as read: a later run would begin after them and not report
  /// them.
  void report_refused() {
    const std::lock_guard lock(refused_mutex_);
    for (const toolkit::BadItem& error : refused_) {
      report_bad_item(error);
      if (error.line == last_line_) forget_last_item();
    }
    refused_.clear();
  }

  /// The table does not have the last item, so a later run must not look for it.
  void forget_last_item() {
    last_item_.clear();
    for (toolkit::SegmentState& each : state_.segments) each.last_written = {};
  }

  /// Writes the items read before the bad one, unless the database refused that one. In that case, other items of the
  /// batches sent at the same time may be written, from before and after it.
  void finish_after_fault() {
    try {
      writer_.finish();
    } catch (const toolkit::BadItem&) {
      // the one that is being reported
    }
  }

  /// `file`: the state to update; null if none is kept.
  void read_items(std::istream& in, toolkit::FileFormat format, toolkit::SegmentState* file, ProgressBar& bar) {
    const auto reader = toolkit::make_file_reader(format, in, table_);
    if (state_.bytes > 0) reader->resume_at(state_.bytes, state_.lines);
    auto saved_at = std::chrono::steady_clock::now();
    for (std::uint64_t read = 1;; ++read) {
      Interrupt::check();
      try {
        auto item = reader->read();
        // A signal also ends the reading of standard input.
        Interrupt::check();
        if (!item) return;
        last_line_ = reader->item_line();
        if (item->is_deletion) {
          forget_last_item();  // it may be the item that is deleted
          ++deletions_;
          writer_.erase(std::move(item->json), last_line_);
        } else {
          last_item_ = item->json;
          writer_.put(std::move(item->json), last_line_);
        }
      } catch (const toolkit::BadItem& error) {
        if (!options_.skip_bad || error.ends_reading) throw;
        bar.clear();
        report_bad_item(error);
      } catch (const toolkit::DamagedFile& error) {
        throw toolkit::BadItem(reader->lines() + 1, error.what(), true);
      }
      if (read % 100 != 0 || file == nullptr) continue;
      // The total is unknown for several files, or for a compressed one.
      if (files_.size() == 1 && !toolkit::is_compressed_name(of_)) {
        bar.show(std::min(reader->bytes(), total_bytes_), total_bytes_);
      } else {
        bar.show_text("imported " + counted(written(), "item"));
      }
      if (const auto now = std::chrono::steady_clock::now(); now - saved_at >= kBetweenCheckpoints) {
        saved_at = now;
        writer_.drain();
        if (has_refused()) bar.clear();
        report_refused();
        state_.bytes = reader->bytes();
        state_.lines = reader->lines();
        note(*file);
      }
    }
  }

  /// Saves that all items written so far are done.
  void note(toolkit::SegmentState& file) {
    file.done.items += written() - state_.total().items;
    if (!last_item_.empty()) {
      // Items of earlier files may have been replaced by later ones.
      for (toolkit::SegmentState& each : state_.segments) each.last_written = {};
      file.last_written = toolkit::written_item(table_, last_item_);
    }
    state_file_.write(state_);
  }

  void report_bad_item(const toolkit::BadItem& error) {
    if (++bad_ <= kMostBadItemsTold)
      *session_.err << of_ << ":" << error.line << ": " << toolkit::printable(error.what()) << "\n";
    if (bad_ == kMostBadItemsTold + 1) *session_.err << "further bad items are not shown\n";
  }

  Session& session_;
  const ImportOptions& options_;
  Interrupt interrupt_;
  std::unique_ptr<endpoint::Endpoint> endpoint_;
  toolkit::TableInfo table_;
  bool is_folder_ = false;  // the source is the folder of an AWS export
  std::vector<fs::path> files_;
  std::string of_ = "standard input";  // the file being read
  std::uint64_t total_bytes_ = 0;
  SavedProgress saved_progress_;
  toolkit::StateFile state_file_;
  toolkit::TransferState state_;  // a segment a file
  std::string last_item_;         // wire JSON; empty if none was read
  std::uint64_t last_line_ = 0;   // its line
  std::uint64_t earlier_items_ = 0;
  std::uint64_t deletions_ = 0;  // in this run
  std::uint64_t bad_ = 0;
  std::mutex refused_mutex_;
  std::vector<toolkit::BadItem> refused_;
  toolkit::TableWriter writer_;
};

}  // namespace

void add_file_commands(CLI::App& root, Session& session) {
  const auto exporting = std::make_shared<ExportOptions>();
  CLI::App* export_command = root.add_subcommand("export", "Write all items of a table to a file");
  export_command->add_option("TABLE", exporting->table, "The table")->required();
  export_command->add_option("FILE", exporting->file, "Destination, compressed if it ends in .gz; -: standard output")
      ->capture_default_str();
  add_format(*export_command, exporting->format);
  add_segments(*export_command, exporting->segments);
  add_rate(*export_command, exporting->rate);
  export_command->add_flag("--restart", exporting->restart, "Start over if an earlier export was ended");
  add_quiet(*export_command, session);
  export_command->footer(
      "Nothing is lost: import reads every format back as the same items. An interrupted export to a file\n"
      "resumes with the same command.\n"
      "Example: stator export shop shop.csv");
  export_command->callback([exporting, &session] {
    if (session.output != OutputFormat::kHuman)
      throw toolkit::WordError("export takes --format jsonl, ddb-json, csv or ion instead of --output");
    Export(session, *exporting).run();
  });

  const auto importing = std::make_shared<ImportOptions>();
  CLI::App* import_command = root.add_subcommand("import", "Import the items of a file into a table");
  import_command->add_option("TABLE", importing->table, "The existing table")->required();
  import_command
      ->add_option("FILE", importing->file,
                   "Source, also compressed (.gz, .zst), or the folder of an AWS export; -: standard input")
      ->capture_default_str();
  add_format(*import_command, importing->format);
  import_command->add_option("--jobs", importing->jobs, "Write this many batches in parallel")
      ->type_name("N")
      ->check(CLI::Range(1U, kMaxJobs))
      ->capture_default_str();
  add_rate(*import_command, importing->rate);
  import_command->add_flag("--skip-bad", importing->skip_bad, "Report bad items and import the others");
  import_command->add_flag("--restart", importing->restart, "Start over if an earlier import was ended");
  add_quiet(*import_command, session);
  import_command->footer(
      "Repeating an import changes nothing; of items with the same key the last one wins. An interrupted import\n"
      "of a file resumes with the same command.\n"
      "Example: stator import shop shop.jsonl");
  import_command->callback([importing, &session] {
    require_human_or_json(session);
    require_readable(importing->file);
    Import(session, *importing).run();
  });
}

}  // namespace stator::cli
