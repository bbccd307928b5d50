#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <ostream>

#include "cli/command.h"
#include "cli/item_printing.h"
#include "cli/progress_bar.h"
#include "cli/target.h"
#include "json/writer.h"
#include "toolkit/expression_words.h"
#include "toolkit/item_file.h"
#include "toolkit/plain_json.h"
#include "toolkit/scan.h"
#include "toolkit/table_copy.h"
#include "toolkit/table_info.h"
#include "toolkit/table_writer.h"
#include "toolkit/tables.h"

/// stator export, import, copy, diff: whole tables.
namespace stator::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kMaxJobs = 64;
constexpr std::uint64_t kMostBadItemsTold = 20;

toolkit::FileFormat file_format(const std::string& name, const std::string& file) {
  if (name == "jsonl") return toolkit::FileFormat::kPlain;
  if (name == "ddb-json") return toolkit::FileFormat::kDdbJson;
  if (name == "csv") return toolkit::FileFormat::kCsv;
  return toolkit::format_of_file(file);
}

CLI::Option* add_format(CLI::App& command, std::string& format) {
  return command
      .add_option("--format", format,
                  "jsonl (plain JSON, an item a line), ddb-json (DynamoDB's JSON) or csv; else by FILE")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"jsonl", "ddb-json", "csv"}));
}

// --- export --------------------------------------------------------------------------------------------------------

struct ExportOptions {
  std::string table;
  std::string file = "-";
  std::string format;
  std::uint32_t segments = 4;
};

/// A file that has its name only once it is whole.
class OutputFile {
 public:
  explicit OutputFile(std::string file) : file_(std::move(file)), draft_(file_ + ".part") {
    out_.open(draft_, std::ios::binary | std::ios::trunc);
    if (!out_) throw CommandError("stator: cannot write " + draft_);
  }
  ~OutputFile() {
    std::error_code error;
    if (!done_) fs::remove(draft_, error);
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  std::ostream& out() { return out_; }
  void finish() {
    out_.close();
    std::error_code error;
    if (out_) fs::rename(draft_, file_, error);
    if (!out_ || error) throw CommandError("stator: cannot write " + file_);
    done_ = true;
  }

 private:
  std::string file_;
  std::string draft_;
  std::ofstream out_;
  bool done_ = false;
};

void export_table(Session& session, const ExportOptions& options) {
  const auto endpoint = open_endpoint(session);
  const toolkit::TableInfo table = toolkit::describe_table(*endpoint, options.table);
  std::optional<OutputFile> file;
  if (options.file != "-") file.emplace(options.file);
  const auto output =
      toolkit::make_file_output(file_format(options.format, options.file), file ? file->out() : *session.out, table);
  toolkit::ScanOptions scan;
  scan.table = options.table;
  scan.segments = options.segments;
  scan.with_capacity = true;
  toolkit::ScanResult result;
  {
    ProgressBar bar(*session.err, session.err_is_terminal && options.file != "-");
    std::uint64_t done = 0;
    result = toolkit::scan(*endpoint, scan, [&](const json::Object& item) {
      output->write(item);
      // The description's count may be hours old.
      if (++done % 100 == 0) bar.show(done, std::max(done, table.item_count));
    });
  }
  output->finish();
  if (file) file->finish();
  tell_cost(session, "exported " + counted(result.items, "item") + " of table " + table.name, result.capacity_units);
}

// --- import --------------------------------------------------------------------------------------------------------

struct ImportOptions {
  std::string table;
  std::string file = "-";
  std::string format;
  std::uint32_t jobs = 4;
  bool skip_bad = false;
};

void import_table(Session& session, const ImportOptions& options) {
  const auto endpoint = open_to_write(session, "importing into table " + options.table, options.table);
  const toolkit::TableInfo table = toolkit::describe_table(*endpoint, options.table);
  std::ifstream opened;
  std::uint64_t total_bytes = 0;
  if (options.file != "-") {
    opened.open(options.file, std::ios::binary);
    if (!opened || fs::is_directory(options.file)) throw CommandError("stator: cannot read " + options.file);
    std::error_code error;
    total_bytes = fs::file_size(options.file, error);
    if (error) total_bytes = 0;
  }
  std::istream& in = options.file == "-" ? *session.in : opened;
  const std::string of = options.file == "-" ? "standard input" : options.file;
  std::uint64_t bad = 0;
  std::uint64_t read = 0;
  toolkit::TableWriter writer(*endpoint, table, session.dry_run ? 1 : options.jobs);
  const auto give_up = [&](const toolkit::BadItem& error) {
    writer.finish();
    throw CommandError("stator: " + of + ":" + std::to_string(error.line) + ": " + error.what() + " (" +
                       counted(writer.written(), "item") + " before it imported; --skip-bad leaves bad ones out)");
  };
  try {
    const auto reader = toolkit::make_file_reader(file_format(options.format, options.file), in, table);
    ProgressBar bar(*session.err, session.err_is_terminal && total_bytes > 0);
    for (;;) {
      try {
        auto item = reader->read();
        if (!item) break;
        writer.put(std::move(*item));
        if (++read % 100 == 0 && total_bytes > 0)
          bar.show(std::min(static_cast<std::uint64_t>(std::max<std::streamoff>(in.tellg(), 0)), total_bytes),
                   total_bytes);
      } catch (const toolkit::BadItem& error) {
        if (!options.skip_bad) throw;
        bar.clear();
        if (++bad <= kMostBadItemsTold) *session.err << of << ":" << error.line << ": " << error.what() << "\n";
        if (bad == kMostBadItemsTold + 1) *session.err << "further bad items are not shown\n";
      }
    }
  } catch (const toolkit::BadItem& error) {
    give_up(error);
  }
  writer.finish();
  if (session.dry_run || session.quiet) return;
  *session.err << "imported " << counted(writer.written(), "item") << " into table " << table.name;
  if (bad > 0) *session.err << ", " << counted(bad, "bad item") << " left out";
  *session.err << "\n";
}

// --- copy and diff -------------------------------------------------------------------------------------------------

/// An endpoint that both sides of a copy use: a data directory can be opened only once.
class SharedEndpoint : public endpoint::Endpoint {
 public:
  explicit SharedEndpoint(std::shared_ptr<endpoint::Endpoint> inner) : inner_(std::move(inner)) {}
  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override { inner_->call(request, reply); }
  [[nodiscard]] endpoint::Effort effort(std::string_view operation) const override { return inner_->effort(operation); }
  [[nodiscard]] std::string describe() const override { return inner_->describe(); }

 private:
  std::shared_ptr<endpoint::Endpoint> inner_;
};

/// One side of a copy: "TABLE" where the other options lead, "prod:TABLE", "http://host:8000/TABLE", "DIR/TABLE".
struct Side {
  Session session;
  std::string table;
  std::shared_ptr<endpoint::Endpoint> shared;
  std::unique_ptr<endpoint::Endpoint> endpoint;

  [[nodiscard]] std::string describe() const { return table + " (" + endpoint->describe() + ")"; }
};

bool leads_to_the_same(const Session& one, const Session& other) {
  std::error_code error;
  return one.prod == other.prod && one.endpoint_url == other.endpoint_url &&
         fs::weakly_canonical(one.data_directory, error) == fs::weakly_canonical(other.data_directory, error);
}

/// `writes`: in these words, or empty where it is only read. `other`: a side that is open already, or null.
Side open_side(const Session& session, const std::string& place, const std::string& writes, const Side* other) {
  Side side{session, place, nullptr, nullptr};
  if (place.starts_with("prod:")) {
    side.session.prod = true;
    side.table = place.substr(5);
  } else if (const std::size_t slash = place.rfind('/'); slash != std::string::npos) {
    const std::string where = place.substr(0, slash);
    side.table = place.substr(slash + 1);
    side.session.prod = false;
    const bool is_url = where.starts_with("http://") || where.starts_with("https://");
    side.session.endpoint_url = is_url ? where : std::string();
    if (!is_url) side.session.data_directory = where.empty() ? "/" : where;
  }
  if (side.table.empty()) throw toolkit::WordError("\"" + place + "\" names no table");
  side.session.production = remote::is_production(target_options(side.session));
  if (writes.empty()) {
    side.session.read_only = true;
  } else {
    ask_to_write(side.session, writes + " " + side.table, side.table);
  }
  side.shared = other != nullptr && leads_to_the_same(side.session, other->session)
                    ? other->shared
                    : std::shared_ptr(remote::open_target(target_options(side.session)));
  side.endpoint = guard_confirmed(side.session, std::make_unique<SharedEndpoint>(side.shared),
                                  writes.empty() ? std::string() : side.table);
  return side;
}

struct CopyCommandOptions {
  std::string source;
  std::string destination;
  std::uint32_t segments = 4;
  bool no_verify = false;
  bool restart = false;
};

/// Where a copy notes how far it is: XDG_STATE_HOME/stator or ~/.local/state/stator.
fs::path state_file(const std::string& identity) {
  fs::path directory;
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0') {
    directory = state;
  } else if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    directory = fs::path(home) / ".local" / "state";
  } else {
    directory = fs::temp_directory_path();
  }
  directory /= "stator";
  std::error_code error;
  fs::create_directories(directory, error);
  std::string name = "copy";
  for (const char c : identity) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
    if (is_plain || name.back() != '-') name += is_plain ? c : '-';
  }
  constexpr std::size_t kMostName = 200;
  return directory / (name.substr(0, kMostName) + ".json");
}

/// Shows a count on the terminal, with the rate, over itself.
class Rate {
 public:
  Rate(const Session& session, std::string what, std::uint64_t total)
      : bar_(*session.err, session.err_is_terminal), what_(std::move(what)), total_(total) {}
  void show(std::uint64_t items) {
    if (first_ == 0) first_ = items;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
    const double rate = passed.count() > 0 ? static_cast<double>(items - first_) / passed.count() : 0;
    std::string note = what_ + ", " + std::to_string(static_cast<std::uint64_t>(rate)) + "/s";
    if (rate > 0 && total_ > items)
      note +=
          ", " + std::to_string(static_cast<std::uint64_t>(static_cast<double>(total_ - items) / rate) + 1) + " s left";
    bar_.show(items, std::max(items, total_), note);
  }

 private:
  ProgressBar bar_;
  std::string what_;
  std::uint64_t total_;
  std::uint64_t first_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void copy_table(Session& session, const CopyCommandOptions& options) {
  const Side source = open_side(session, options.source, {}, nullptr);
  const Side destination = open_side(session, options.destination, "copying into table", &source);
  const toolkit::TableInfo from = toolkit::describe_table(*source.endpoint, source.table);
  const std::vector<std::string> names = toolkit::list_tables(*destination.endpoint);
  const bool is_same =
      source.endpoint->describe() == destination.endpoint->describe() && source.table == destination.table;
  if (is_same) throw toolkit::WordError("source and destination are the same table");
  if (std::find(names.begin(), names.end(), destination.table) == names.end()) {
    toolkit::create_table(*destination.endpoint, destination.table,
                          toolkit::create_request_like(from, destination.table));
    if (!session.quiet) *session.err << "created table " << destination.describe() << "\n";
  }
  const toolkit::TableInfo to = toolkit::describe_table(*destination.endpoint, destination.table);
  if (from.key_names() != to.key_names())
    throw CommandError("stator: nothing was copied: the tables have different keys");
  toolkit::CopyOptions copy;
  copy.segments = options.segments;
  copy.identity = source.describe() + " to " + destination.describe();
  if (!session.dry_run) copy.state_file = state_file(copy.identity);
  if (options.restart) {
    std::error_code error;
    fs::remove(copy.state_file, error);
  }
  toolkit::CopyResult result;
  try {
    Rate rate(session, "copied", from.item_count);
    result = toolkit::copy_table(*source.endpoint, from, *destination.endpoint, to, copy,
                                 [&rate](std::uint64_t items) { rate.show(items); });
  } catch (const toolkit::OperationError& error) {
    throw CommandError(toolkit::describe(error) + " (the same command goes on where this one ended)");
  }
  if (session.dry_run) return;
  std::string text =
      "copied " + counted(result.source.items, "item") + " from " + source.describe() + " to " + destination.describe();
  if (result.resumed_items > 0) text += ", " + std::to_string(result.resumed_items) + " of them earlier";
  if (!session.quiet) *session.err << text << "\n";
  if (options.no_verify) return;
  Rate rate(session, "verified", result.source.items);
  const toolkit::TableChecksum there = toolkit::checksum_of_table(*destination.endpoint, to.name, options.segments,
                                                                  [&rate](std::uint64_t items) { rate.show(items); });
  if (!(there == result.source)) {
    throw CommandError("stator: the tables differ: " + counted(result.source.items, "item") + " were copied, and " +
                       destination.describe() + " holds " + counted(there.items, "item") +
                       (there.items == result.source.items ? " with other content" : "") + "; stator diff " +
                       options.source + " " + options.destination + " shows where");
  }
  if (!session.quiet)
    *session.err << "verified: " << counted(there.items, "item") << ", checksum " << there.text() << "\n";
}

struct DiffOptions {
  std::string source;
  std::string destination;
  std::uint32_t segments = 4;
};

void diff(Session& session, const DiffOptions& options) {
  require_human_or_json(session);
  const Side source = open_side(session, options.source, {}, nullptr);
  const Side destination = open_side(session, options.destination, {}, &source);
  const toolkit::TableInfo from = toolkit::describe_table(*source.endpoint, source.table);
  const toolkit::TableInfo to = toolkit::describe_table(*destination.endpoint, destination.table);
  const bool json = session.output == OutputFormat::kJson;
  const auto tell = [&](toolkit::Difference difference, const std::string& key, const std::vector<std::string>& names) {
    json::Parser parser;
    std::string plain;
    toolkit::append_plain_item(parser.parse(key).get_object().value(), plain);
    const char* sign = difference == toolkit::Difference::kOnlyInSource        ? "-"
                       : difference == toolkit::Difference::kOnlyInDestination ? "+"
                                                                               : "~";
    std::string list;
    for (const std::string& name : names) {
      list += list.empty() ? "" : json ? "," : ", ";
      if (json) {
        json::append_string(name, list);
      } else {
        list += name;
      }
    }
    if (json) {
      *session.out << R"({"difference":")" << sign << R"(","key":)" << plain << R"(,"attributes":[)" << list << "]}\n";
    } else {
      *session.out << sign << " " << plain << (list.empty() ? "" : ": ") << list << "\n";
    }
  };
  const toolkit::DiffResult result =
      toolkit::diff_tables(*source.endpoint, from, *destination.endpoint, to, options.segments, tell);
  session.out->flush();
  if (!session.quiet) {
    *session.err << result.equal << " equal, " << result.changed << " changed, " << result.only_in_source << " only in "
                 << source.describe() << ", " << result.only_in_destination << " only in " << destination.describe()
                 << "\n";
  }
  if (result.changed + result.only_in_source + result.only_in_destination > 0) session.exit_code = 1;
}

void add_segments(CLI::App& command, std::uint32_t& segments) {
  command.add_option("--segments", segments, "Read so many segments at the same time")
      ->type_name("N")
      ->check(CLI::Range(1U, toolkit::kMaxParallelSegments))
      ->capture_default_str();
}

void add_quiet(CLI::App& command, Session& session) {
  command.add_flag("-q,--quiet", session.quiet, "Say nothing where all goes well");
}

}  // namespace

void add_transfer_commands(CLI::App& root, Session& session) {
  const auto exporting = std::make_shared<ExportOptions>();
  CLI::App* export_command = root.add_subcommand("export", "Write all items of a table to a file");
  export_command->add_option("TABLE", exporting->table, "The table")->required();
  export_command->add_option("FILE", exporting->file, "Where to; -: standard output")->capture_default_str();
  add_format(*export_command, exporting->format);
  add_segments(*export_command, exporting->segments);
  add_quiet(*export_command, session);
  export_command->footer(
      "Nothing is lost: import reads every format back as the same items.\n"
      "Example: stator export shop shop.csv");
  export_command->callback([exporting, &session] { export_table(session, *exporting); });

  const auto importing = std::make_shared<ImportOptions>();
  CLI::App* import_command = root.add_subcommand("import", "Put the items of a file into a table");
  import_command->add_option("TABLE", importing->table, "The table, which exists")->required();
  import_command->add_option("FILE", importing->file, "Where from; -: standard input")->capture_default_str();
  add_format(*import_command, importing->format);
  import_command->add_option("--jobs", importing->jobs, "So many batches at the same time")
      ->type_name("N")
      ->check(CLI::Range(1U, kMaxJobs))
      ->capture_default_str();
  import_command->add_flag("--skip-bad", importing->skip_bad, "Report bad items and import the others");
  add_quiet(*import_command, session);
  import_command->footer(
      "Doing it again changes nothing; of items with the same key the last one stays.\n"
      "Example: stator import shop shop.jsonl");
  import_command->callback([importing, &session] { import_table(session, *importing); });

  const auto copying = std::make_shared<CopyCommandOptions>();
  CLI::App* copy_command = root.add_subcommand("copy", "Copy a table, also from one endpoint to another");
  copy_command->add_option("SOURCE", copying->source, "TABLE, prod:TABLE, http://HOST:PORT/TABLE or DIR/TABLE")
      ->required();
  copy_command->add_option("DESTINATION", copying->destination, "The same; made like the source where it is missing")
      ->required();
  add_segments(*copy_command, copying->segments);
  copy_command->add_flag("--no-verify", copying->no_verify, "Do not compare count and checksum afterwards");
  copy_command->add_flag("--restart", copying->restart, "Begin anew where an earlier copy was ended");
  add_quiet(*copy_command, session);
  copy_command->footer(
      "A copy that was ended goes on with the same command.\n"
      "Examples: stator copy shop shop-2\n"
      "          stator copy shop http://localhost:8000/shop\n"
      "          stator copy prod:shop ./backup/shop");
  copy_command->callback([copying, &session] { copy_table(session, *copying); });

  const auto comparing = std::make_shared<DiffOptions>();
  CLI::App* diff_command = root.add_subcommand("diff", "Say where two tables differ");
  diff_command->add_option("SOURCE", comparing->source, "As for copy")->required();
  diff_command->add_option("DESTINATION", comparing->destination, "As for copy")->required();
  add_segments(*diff_command, comparing->segments);
  add_quiet(*diff_command, session);
  diff_command->footer(
      "Prints a line for each difference: - only in the source, + only in the destination, ~ changed.\n"
      "Ends with 1 where the tables differ.\n"
      "Example: stator diff shop prod:shop");
  diff_command->callback([comparing, &session] { diff(session, *comparing); });
}

}  // namespace stator::cli
