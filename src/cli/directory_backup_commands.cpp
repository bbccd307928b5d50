#include "cli/directory_backup_commands.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "aws/config.h"
#include "cli/item_printing.h"
#include "cli/progress_bar.h"
#include "cli/saved_states.h"
#include "cli/size_text.h"
#include "cli/target.h"
#include "core/clock.h"
#include "core/log_sink.h"
#include "core/timestamp.h"
#include "engine/backup/directory_backup.h"
#include "engine/bucket/folder_buckets.h"
#include "http/url.h"
#include "json/object_writer.h"
#include "s3/s3_buckets.h"
#include "toolkit/text_table.h"

/// Backups of the whole data directory.
namespace stator::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBucketScheme = "s3://";

struct PlaceOptions {
  std::string place;
  std::string s3_endpoint;
  /// From which the bucket's region and credentials are taken.
  aws::Environment environment;
  core::LogSink log;
};

/// Where backups are kept: in a folder, or under a prefix in a bucket.
class Place {
 public:
  /// With `create`, creates a folder that is missing, and locks it, so that only one command uses it at a time.
  Place(const PlaceOptions& options, bool create) {
    if (options.place.starts_with(kBucketScheme)) {
      open_bucket(options);
    } else {
      open_folder(options.place, create);
    }
    try {
      backups_ = std::make_unique<engine::DirectoryBackups>(*bucket_, prefix_);
    } catch (const engine::DirectoryBackupError& error) {
      throw CommandError("stator: " + options.place + ": " + error.what());
    }
    // Only when it is known to hold backups of ours.
    if (create && !folder_.empty()) lock_folder(options.place);
  }
  ~Place() {
    if (lock_ >= 0) ::close(lock_);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  [[nodiscard]] engine::DirectoryBackups& backups() { return *backups_; }
  /// The same for every spelling of the place.
  [[nodiscard]] std::string name() const { return folder_.empty() ? bucket_name_ + "/" + prefix_ : folder_.string(); }

 private:
  void open_bucket(const PlaceOptions& options) {
    const std::string rest = options.place.substr(kBucketScheme.size());
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string name = rest.substr(0, slash);
    if (name.empty()) throw CommandError("stator: " + options.place + " names no bucket; use s3://BUCKET/PREFIX", 2);
    prefix_ = rest.substr(std::min(slash + 1, rest.size()));
    if (!prefix_.empty() && !prefix_.ends_with('/')) prefix_ += '/';
    // If the bucket is at AWS itself, credentials come from AWS, too, and not from AWS_ENDPOINT_URL.
    const aws::Environment environment =
        options.s3_endpoint.empty() ? options.environment.without("AWS_ENDPOINT_URL") : options.environment;
    s3::Options service;
    constexpr const char* kDefaultRegion = "us-east-1";
    service.region = aws::find_region(environment, false).value_or(kDefaultRegion);
    service.url =
        options.s3_endpoint.empty() ? aws::service_url(environment, "s3", service.region) : options.s3_endpoint;
    service.credentials = aws::find_credentials(environment);
    service.authorities = aws::authorities_file(environment);
    service.log = options.log;
    buckets_ = std::make_unique<s3::S3Buckets>(std::move(service));
    bucket_ = buckets_->bucket(name, "");
    bucket_name_ = name;
  }

  void open_folder(const std::string& place, bool create) {
    fs::path folder = fs::absolute(place).lexically_normal();
    if (!folder.has_filename()) folder = folder.parent_path();
    std::error_code error;
    // It will hold all data, so only its owner may access it.
    if (create && fs::create_directories(folder, error)) fs::permissions(folder, fs::perms::owner_all, error);
    if (!fs::is_directory(folder, error)) {
      throw CommandError("stator: there is no folder " + place + (error ? ": " + error.message() : ""));
    }
    buckets_ = std::make_unique<engine::FolderBuckets>(folder.parent_path());
    bucket_ = buckets_->bucket(folder.filename().string(), "");
    folder_ = folder;
  }

  void lock_folder(const std::string& place) {
    lock_ = ::open((folder_ / "LOCK").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock_ < 0) throw CommandError("stator: cannot write to " + place + ": " + std::strerror(errno));
    if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
    ::close(std::exchange(lock_, -1));
    throw CommandError("stator: another command is changing the backups in " + place);
  }

  std::unique_ptr<engine::Buckets> buckets_;
  std::unique_ptr<engine::Bucket> bucket_;
  std::string prefix_;
  std::unique_ptr<engine::DirectoryBackups> backups_;
  std::string bucket_name_;
  fs::path folder_;  // empty if it is a bucket
  int lock_ = -1;
};

/// Throws for another kind of address, which would be taken for the name of a folder.
void check_place(const PlaceOptions& options) {
  if (options.place.starts_with(kBucketScheme) || http::scheme_of(options.place).empty()) return;
  throw CommandError("stator: " + options.place + ": backups are in a folder, or at s3://BUCKET/PREFIX", 2);
}

/// Throws if the place is in the data directory: it would be part of what is backed up, and be lost with it.
void refuse_place_inside(const fs::path& directory, const PlaceOptions& options) {
  if (!http::scheme_of(options.place).empty()) return;
  const fs::path inside = fs::weakly_canonical(options.place).lexically_relative(fs::weakly_canonical(directory));
  if (inside.empty() || *inside.begin() == "..") return;
  throw CommandError("stator: " + options.place + " is in " + directory.string() + ", which is to be backed up", 2);
}

/// The state to copy: a snapshot that is kept as long as this object exists.
class BackupState {
 public:
  BackupState(const Session& session, const std::string& place) : states_(open_states_of_directory(session)) {
    // One name for each place, so that a later command removes what a killed one left.
    std::array<char, 32> name{};
    std::snprintf(name.data(), name.size(), "stator-backup-%08llx",
                  static_cast<unsigned long long>(XXH3_64bits(place.data(), place.size()) & 0xFFFFFFFFU));
    name_ = name.data();
    states_->save_settled(name_);
  }
  ~BackupState() {
    try {
      states_->drop(name_);
    } catch (const std::exception&) {
      // The next backup removes it.
    }
  }
  BackupState(const BackupState&) = delete;
  BackupState& operator=(const BackupState&) = delete;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::unique_ptr<SavedStates> states_;
  std::string name_;
};

std::string seconds_text(std::chrono::steady_clock::time_point since) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s",
                std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count());
  return text.data();
}

std::string to_json(const engine::DirectoryBackup& backup) {
  std::string text;
  json::ObjectWriter writer(text);
  writer.text("id", backup.id);
  writer.text("made", core::sortable({backup.made_ms * 1000, 0}));
  writer.text("directory", backup.directory);
  writer.integer("files", static_cast<std::int64_t>(backup.files));
  writer.integer("size_bytes", static_cast<std::int64_t>(backup.size_bytes));
  if (backup.written_files > 0) {
    writer.integer("written_files", static_cast<std::int64_t>(backup.written_files));
    writer.integer("written_bytes", static_cast<std::int64_t>(backup.written_bytes));
  }
  writer.end();
  return text;
}

/// Runs `work`; reports errors of the place and of the disk in one line.
template <class Work>
auto with_errors(const PlaceOptions& options, Work work) {
  try {
    return work();
  } catch (const engine::DirectoryBackupError& error) {
    throw CommandError(std::string("stator: ") + error.what());
  } catch (const engine::BucketError& error) {
    throw CommandError("stator: " + options.place + ": " + error.what());
  } catch (const aws::ConfigurationError& error) {
    throw CommandError(std::string("stator: ") + error.what());
  }
}

void list(const PlaceOptions& options, Session& session) {
  const auto backups = with_errors(options, [&] { return Place(options, false).backups().list(); });
  if (session.output == OutputFormat::kJson) {
    std::string text;
    json::ArrayWriter array(text);
    for (const engine::DirectoryBackup& backup : backups) array.element() += to_json(backup);
    array.end();
    return print_json(session, text);
  }
  if (backups.empty()) {
    *session.err << "no backups in " << options.place << "\n";
    return;
  }
  toolkit::TextTable table({"id", "made", "size", "files", "directory"});
  for (const engine::DirectoryBackup& backup : backups) {
    table.set("id", {backup.id, false});
    table.set("made", {core::format_timestamp({backup.made_ms * 1000, 0}, "%Y-%m-%d %H:%M:%S UTC"), false});
    table.set("size", {size_text(backup.size_bytes), true});
    table.set("files", {std::to_string(backup.files), true});
    table.set("directory", {backup.directory, false});
    table.end_row();
  }
  table.draw(*session.out, session.columns, session.colour);
}

void back_up(const PlaceOptions& options, std::size_t keep, Session& session) {
  if (session.read_only) throw CommandError("stator: --read-only refuses to make a backup");
  refuse_place_inside(session.data_directory, options);
  if (session.dry_run) {
    *session.out << "would back up " << session.data_directory << " to " << options.place << "\n";
    return;
  }
  const auto began = std::chrono::steady_clock::now();
  ProgressBar bar(*session.err, session.err_is_terminal && !session.quiet);
  std::size_t removed = 0;
  const engine::DirectoryBackup made = with_errors(options, [&] {
    Place place(options, true);
    const BackupState state(session, place.name());
    const fs::path directory = session.data_directory;
    const auto progress = [&bar](std::uint64_t done, std::uint64_t total) {
      bar.show(done, std::max<std::uint64_t>(total, 1), size_text(done) + " of " + size_text(total));
    };
    auto backup = place.backups().make(directory, directory / "snapshots" / state.name(),
                                       core::Clock::system().now_ms(), progress);
    if (keep > 0) removed = place.backups().keep_last(backup.directory, keep);
    return backup;
  });
  bar.clear();
  if (!session.quiet) {
    *session.err << "backed up " << session.data_directory << ", " << size_text(made.size_bytes) << ", to "
                 << options.place << " in " << seconds_text(began) << ": " << counted(made.written_files, "file")
                 << " of " << made.files << " copied, " << size_text(made.written_bytes);
    if (removed > 0) *session.err << "; " << counted(removed, "older backup") << " removed";
    *session.err << "\n";
  }
  session.output == OutputFormat::kJson ? print_json(session, to_json(made))
                                        : static_cast<void>(*session.out << made.id << "\n");
}

void restore(const PlaceOptions& options, const std::string& id, Session& session) {
  if (session.dry_run) {
    *session.out << "would restore " << options.place << " into " << session.data_directory << "\n";
    return;
  }
  if (session.read_only) throw CommandError("stator: --read-only refuses to restore a data directory");
  const auto began = std::chrono::steady_clock::now();
  ProgressBar bar(*session.err, session.err_is_terminal && !session.quiet);
  const engine::DirectoryBackup restored = with_errors(options, [&] {
    const auto progress = [&bar](std::uint64_t done, std::uint64_t total) {
      bar.show(done, std::max<std::uint64_t>(total, 1), size_text(done) + " of " + size_text(total));
    };
    return Place(options, false).backups().restore(id, session.data_directory, progress);
  });
  bar.clear();
  if (!session.quiet) {
    *session.err << "restored backup " << restored.id << ", " << size_text(restored.size_bytes) << ", into "
                 << session.data_directory << " in " << seconds_text(began) << "\n";
  }
  if (session.output == OutputFormat::kJson) print_json(session, to_json(restored));
}

void refuse_production(const Session& session) {
  if (!session.production) return;
  throw CommandError("stator: these are backups of data directories; stator ddb backup is for AWS's tables", 2);
}

void add_place(CLI::App& command, PlaceOptions& options) {
  command.add_option("PLACE", options.place, "A folder, or s3://BUCKET/PREFIX")->required();
  command
      .add_option("--s3-endpoint", options.s3_endpoint,
                  "The service that has the bucket (default: AWS, in the region of the environment or the profile)")
      ->type_name("URL");
}

}  // namespace

void add_directory_backup_commands(CLI::App& root, Session& session) {
  const auto options = std::make_shared<PlaceOptions>();
  const auto keep = std::make_shared<std::size_t>(0);
  const auto lists = std::make_shared<bool>(false);
  CLI::App* command = root.add_subcommand("backup", "Back up the whole data directory while writes continue");
  add_place(*command, *options);
  CLI::Option* listed = command->add_flag("--list", *lists, "List the existing backups, and make none");
  command->add_option("--keep", *keep, "Then remove all but the last N backups of this directory")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N")
      ->excludes(listed);
  command->footer(
      "A place holds many backups; a file that several of them share is copied once. stator restore makes a data "
      "directory\n"
      "of one. stator ddb backup is for single tables.\n"
      "Example: stator backup /mnt/backups/shop --keep 14");
  command->callback([options, keep, lists, &session] {
    require_human_or_json(session);
    refuse_production(session);
    options->environment = aws_environment(session);
    options->log = target_options(session).log;
    check_place(*options);
    *lists ? list(*options, session) : back_up(*options, *keep, session);
  });

  const auto from = std::make_shared<PlaceOptions>();
  const auto id = std::make_shared<std::string>();
  CLI::App* restore_command = root.add_subcommand("restore", "Make a new data directory from a backup");
  add_place(*restore_command, *from);
  restore_command->add_option(
      "ID", *id,
      "Which backup (stator backup PLACE --list); default: the last one of --data, else of the only directory");
  restore_command->footer(
      "The data directory is --data, else STATOR_DATA, else .stator; it must be missing or empty.\n"
      "Example: stator restore /mnt/backups/shop --data ./restored");
  restore_command->callback([from, id, &session] {
    require_human_or_json(session);
    refuse_production(session);
    from->environment = aws_environment(session);
    from->log = target_options(session).log;
    check_place(*from);
    restore(*from, *id, session);
  });
}

}  // namespace stator::cli
