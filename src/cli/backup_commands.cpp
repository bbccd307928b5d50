#include "cli/backup_commands.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ostream>

#include "cli/interrupt.h"
#include "cli/item_printing.h"
#include "cli/progress_bar.h"
#include "cli/size_text.h"
#include "cli/target.h"
#include "cli/time_option.h"
#include "core/timestamp.h"
#include "json/object_writer.h"
#include "toolkit/backups.h"
#include "toolkit/table_info.h"
#include "toolkit/text_table.h"

/// Backups of tables and their restores.
namespace stator::cli {
namespace {

std::string id_of(const toolkit::BackupSummary& backup) { return backup.arn.substr(backup.arn.rfind('/') + 1); }

std::string time_text(double seconds) {
  constexpr double kMicroseconds = 1e6;
  const core::Timestamp time{.microseconds = std::llround(seconds * kMicroseconds), .offset_minutes = 0};
  return core::format_timestamp(time, "%Y-%m-%d %H:%M:%S UTC");
}

std::string duration_text(std::chrono::steady_clock::time_point since) {
  const auto took = std::chrono::steady_clock::now() - since;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", std::chrono::duration<double>(took).count());
  return text.data();
}

/// Everything known about a backup, as JSON; times in seconds since 1970.
std::string to_json(const toolkit::BackupSummary& backup) {
  std::string text;
  json::ObjectWriter writer(text);
  writer.text("arn", backup.arn);
  writer.text("name", backup.name);
  writer.text("table", backup.table);
  writer.text("type", backup.type);
  writer.text("status", backup.status);
  writer.integer("size_bytes", static_cast<std::int64_t>(backup.size_bytes));
  constexpr double kMsPerSecond = 1000;
  writer.time("created", std::llround(backup.created_seconds * kMsPerSecond));
  if (backup.expires_seconds > 0) writer.time("expires", std::llround(backup.expires_seconds * kMsPerSecond));
  writer.end();
  return text;
}

void list(Session& session, const std::string& table_name) {
  require_human_or_json(session);
  const auto endpoint = open_endpoint(session);
  const std::vector<toolkit::BackupSummary> backups = toolkit::list_backups(*endpoint, table_name);
  if (session.output == OutputFormat::kJson) {
    std::string text;
    json::ArrayWriter list(text);
    for (const toolkit::BackupSummary& backup : backups) list.element() += to_json(backup);
    list.end();
    return print_json(session, text);
  }
  if (backups.empty()) {
    *session.err << "no backups" << (table_name.empty() ? "" : " of " + table_name) << " (" << endpoint->describe()
                 << ")\n";
    return;
  }
  toolkit::TextTable table({"table", "name", "made", "size", "expires", "id"});
  for (const toolkit::BackupSummary& backup : backups) {
    table.set("table", {backup.table, false});
    table.set("name", {backup.name, false});
    table.set("made", {time_text(backup.created_seconds), false});
    table.set("size", {size_text(backup.size_bytes), true});
    table.set("expires", {backup.expires_seconds > 0 ? time_text(backup.expires_seconds) : "", false});
    table.set("id", {id_of(backup), false});
    table.end_row();
  }
  table.draw(*session.out, session.columns, session.colour);
}

void backup(Session& session, const std::string& table, const std::string& name) {
  require_human_or_json(session);
  const auto endpoint = open_to_write(session, "making a backup of table " + table, table);
  const auto began = std::chrono::steady_clock::now();
  const std::string arn = wait_for_database("the backup of table " + table + " goes on in the database", [&] {
    return toolkit::create_backup(*endpoint, table, name.empty() ? table : name, Interrupt::sleep);
  });
  const toolkit::BackupSummary made = toolkit::find_backup(*endpoint, arn);
  if (!session.quiet) {
    *session.err << "backup of " << table << ", " << size_text(made.size_bytes) << ", in " << duration_text(began)
                 << " (" << endpoint->describe() << ")\n";
  }
  session.output == OutputFormat::kJson ? print_json(session, to_json(made))
                                        : static_cast<void>(*session.out << arn << "\n");
}

void remove(Session& session, const std::string& word) {
  require_human_or_json(session);
  const toolkit::BackupSummary found = toolkit::find_backup(*open_endpoint(session), word);
  const auto endpoint = open_to_write(session, "deleting a backup of table " + found.table, found.table);
  toolkit::delete_backup(*endpoint, found.arn);
  if (!session.quiet) {
    *session.err << "deleted backup " << found.name << " of " << found.table << ", made "
                 << time_text(found.created_seconds) << " (" << endpoint->describe() << ")\n";
  }
}

struct RestoreOptions {
  std::string source;
  std::string target;
  std::string at;
  bool latest = false;
};

void restore(Session& session, const RestoreOptions& options) {
  require_human_or_json(session);
  const bool to_time = options.latest || !options.at.empty();
  const std::optional<double> seconds =
      options.at.empty() ? std::nullopt : std::optional(read_time("--at", options.at));
  const auto endpoint = open_to_write(session, "restoring into table " + options.target, options.target);
  const auto began = std::chrono::steady_clock::now();
  ProgressBar bar(*session.err, session.err_is_terminal && !session.quiet);
  std::uint64_t expected = 0;
  std::uint64_t restored = 0;
  const auto progress = [&](std::uint64_t items) {
    restored = items;
    bar.show(items, std::max(items, expected), "items");
  };
  const std::string goes_on = "the restore into table " + options.target + " goes on in the database";
  std::string description;
  if (to_time) {
    expected = toolkit::describe_table(*endpoint, options.source).item_count;
    description = wait_for_database(goes_on, [&] {
      return toolkit::restore_to_time(*endpoint, options.source, seconds, options.target, progress, Interrupt::sleep);
    });
  } else {
    const toolkit::BackupSummary found = toolkit::find_backup(*endpoint, options.source);
    description = wait_for_database(goes_on, [&] {
      return toolkit::restore_backup(*endpoint, found.arn, options.target, progress, Interrupt::sleep);
    });
  }
  bar.clear();
  if (!session.quiet) {
    *session.err << "restored " << options.target << ", " << counted(restored, "item") << ", in "
                 << duration_text(began) << " (" << endpoint->describe() << ")\n";
  }
  if (session.output == OutputFormat::kJson) print_json(session, description);
}

struct RecoveryOptions {
  std::string table;
  bool off = false;
  std::uint64_t days = 0;
};

void recovery(Session& session, const RecoveryOptions& options) {
  require_human_or_json(session);
  toolkit::Recovery now;
  if (options.off || options.days != 0) {
    const auto endpoint =
        open_to_write(session, "changing how far back table " + options.table + " can be restored", options.table);
    now = toolkit::set_recovery(*endpoint, options.table, options.off ? 0 : options.days);
  } else {
    now = toolkit::describe_recovery(*open_endpoint(session), options.table);
  }
  if (session.output == OutputFormat::kJson) {
    std::string text;
    json::ObjectWriter writer(text);
    writer.flag("enabled", now.enabled);
    if (now.enabled) {
      constexpr double kMsPerSecond = 1000;
      writer.integer("days", static_cast<std::int64_t>(now.days));
      writer.time("earliest", std::llround(now.earliest_seconds * kMsPerSecond));
      writer.time("latest", std::llround(now.latest_seconds * kMsPerSecond));
    }
    writer.end();
    return print_json(session, text);
  }
  if (!now.enabled) {
    *session.out << options.table << " cannot be restored to a point in time; --days N turns that on\n";
    return;
  }
  *session.out << options.table << " can be restored to any time from " << time_text(now.earliest_seconds) << " to "
               << time_text(now.latest_seconds) << ", at most " << counted(now.days, "day") << " back\n";
}

}  // namespace

void add_backups_command(CLI::App& root, Session& session) {
  CLI::App* command = root.add_subcommand("backups", "List the backups of all tables, or of one");
  const auto table = std::make_shared<std::string>();
  command->add_option("TABLE", *table, "Only those of this table, which may be deleted");
  command->footer("Example: stator backups shop");
  command->callback([table, &session] { list(session, *table); });
}

void add_backup_commands(CLI::App& ddb, Session& session) {
  CLI::App* make = ddb.add_subcommand("backup", "Back up a table as it is now, while writes continue");
  const auto table = std::make_shared<std::string>();
  const auto name = std::make_shared<std::string>();
  make->add_option("TABLE", *table, "The table")->required();
  make->add_option("NAME", *name, "Its name (default: the table's); need not be unique");
  make->footer("Example: stator ddb backup shop before-the-sale");
  make->callback([table, name, &session] { backup(session, *table, *name); });

  CLI::App* remove_command = ddb.add_subcommand("delete-backup", "Delete a backup");
  const auto word = std::make_shared<std::string>();
  remove_command->add_option("BACKUP", *word, "Its ARN, its id or its name")->required();
  remove_command->footer("Example: stator ddb delete-backup before-the-sale");
  remove_command->callback([word, &session] { remove(session, *word); });

  CLI::App* restore_command = ddb.add_subcommand(
      "restore",
      "Restore a backup, or with --at or --latest an earlier state of a table, into a new table, and wait for it");
  const auto options = std::make_shared<RestoreOptions>();
  restore_command->add_option("SOURCE", options->source, "A backup's ARN, id or name; or the table")->required();
  restore_command->add_option("TARGET", options->target, "The table to make")->required();
  CLI::Option* at = restore_command->add_option(
      "--at", options->at, "The table at this time: 2026-11-25T10:00:00Z, a date, or seconds since 1970");
  at->type_name("TIME");
  restore_command->add_flag("--latest", options->latest, "The table at the latest restorable time")->excludes(at);
  restore_command->footer("Example: stator ddb restore shop shop-at-ten --at 2026-11-25T10:00:00Z");
  restore_command->callback([options, &session] { restore(session, *options); });

  CLI::App* recovery_command = ddb.add_subcommand("recovery", "Show or set how far back a table can be restored");
  const auto recovery_options = std::make_shared<RecoveryOptions>();
  recovery_command->add_option("TABLE", recovery_options->table, "The table")->required();
  CLI::Option* days =
      recovery_command->add_option("--days", recovery_options->days, "From now on, to any time of the last N days")
          ->check(CLI::Range(1, 35))
          ->type_name("N");
  recovery_command->add_flag("--off", recovery_options->off, "Disable point-in-time recovery")->excludes(days);
  recovery_command->footer("Example: stator ddb recovery shop --days 7");
  recovery_command->callback([recovery_options, &session] { recovery(session, *recovery_options); });
}

}  // namespace stator::cli
