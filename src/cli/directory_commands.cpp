#include <filesystem>
#include <memory>
#include <ostream>
#include <string>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/item_printing.h"
#include "engine/check.h"
#include "engine/repair.h"

namespace stator::cli {
namespace {

std::string found_text(const engine::CheckReport::TableFound& table) {
  return "table " + table.name + ": " + counted(table.items, "item") + ", " + counted(table.size_bytes, "byte") + ", " +
         std::to_string(table.indexes) + (table.indexes == 1 ? " index" : " indexes") + "\n";
}

void check(Session& session, const std::string& directory) {
  const engine::CheckReport report = engine::check_directory(directory);
  for (const engine::CheckReport::TableFound& table : report.tables) *session.out << found_text(table);
  for (const engine::CheckReport::CheckpointFound& checkpoint : report.checkpoints) {
    *session.out << checkpoint.what << "\n";
    for (const engine::CheckReport::TableFound& table : checkpoint.tables) *session.out << "  " << found_text(table);
  }
  for (const std::string& problem : report.problems) *session.out << "damage: " << problem << "\n";
  if (report.problem_count > report.problems.size()) {
    *session.out << "and " << report.problem_count - report.problems.size() << " more\n";
  }
  if (report.is_sound()) {
    *session.out << directory << " is sound\n";
    return;
  }
  if (report.checkpoint_problem_count == report.problem_count) {
    throw CommandError("stator: " + directory + " is sound but for its backups or snapshots; stator repair " +
                       directory + "/backups/ID --to NEW (or " + directory +
                       "/snapshots/NAME) saves what can be read of one");
  }
  throw CommandError("stator: " + directory + " is damaged; stator repair " + directory +
                     " --to NEW saves what can be read");
}

void repair(Session& session, const std::string& from, const std::string& to) {
  const engine::RepairReport report = engine::repair_directory(from, to);
  for (const std::string& line : report.lines) *session.out << "damage: " << line << "\n";
  for (const engine::RepairReport::TableSaved& table : report.tables) {
    *session.out << "table " << table.name << ": " << counted(table.items, "item") << " saved";
    if (table.lost_items > 0) *session.out << ", " << table.lost_items << " lost";
    if (table.loss_is_unknown) *session.out << ", an unknown number lost: the counters are damaged, too";
    *session.out << "\n";
  }
  if (!report.lost_tables.empty()) {
    *session.out << "the items in " << report.lost_tables.string()
                 << " can be imported (--format ddb-json) once their tables are created again\n";
  }
  if (report.lost_anything()) {
    throw CommandError("stator: not everything could be saved; what could be is in " + to);
  }
  *session.out << "saved to " << to << "\n";
}

}  // namespace

void add_directory_commands(CLI::App& root, Session& session) {
  const auto directory = std::make_shared<std::string>();
  CLI::App* check_command = root.add_subcommand("check", "Verify everything in a data directory");
  check_command->add_option("DIR", *directory, "The data directory")->required();
  check_command->footer(
      "Changes nothing. Exits with 0 only if every file, item, index entry and counter is right,\n"
      "also in backups and snapshots.\n"
      "Example: stator check .stator");
  check_command->callback([directory, &root, &session] {
    refuse_options(root, "check", {"--output", "--region", "--profile"});
    check(session, *directory);
  });

  const auto to = std::make_shared<std::string>();
  CLI::App* repair_command =
      root.add_subcommand("repair", "Make a new data directory from what can be read of a damaged one");
  repair_command->add_option("DIR", *directory, "The damaged data directory; it is not changed")->required();
  repair_command->add_option("--to", *to, "The new data directory: missing or empty")->type_name("NEW")->required();
  repair_command->footer(
      "Reports what was damaged, and for each table how many items were saved and lost. Indexes are rebuilt.\n"
      "Exits with 0 only if everything could be saved.\n"
      "Example: stator repair .stator --to repaired");
  repair_command->callback([directory, to, &root, &session] {
    refuse_options(root, "repair", {"--read-only", "--dry-run", "--output", "--region", "--profile"});
    repair(session, *directory, *to);
  });
}

}  // namespace stator::cli
