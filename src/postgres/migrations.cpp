#include "postgres/migrations.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "files/files.h"
#include "postgres/sql_files.h"
#include "postgres/sql_words.h"
#include "postgres/work_lock.h"

namespace stator::postgres {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUp = ".up.sql";
constexpr std::string_view kDown = ".down.sql";
constexpr std::size_t kMaxMigrations = 10'000;
constexpr std::string_view kChecksum = "encode(sha256(convert_to($1, 'UTF8')), 'hex')";

[[noreturn]] void throw_usage(const std::string& text) { throw Error(ErrorKind::kUsage, text); }

/// "0001_add_index" -> 1; nullopt if the name has another form.
std::optional<std::uint32_t> number_of(std::string_view name) {
  const std::size_t underscore = name.find('_');
  if (underscore == std::string_view::npos || underscore + 1 == name.size()) return std::nullopt;
  const std::string_view digits = name.substr(0, underscore);
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
  if (error != std::errc() || end != digits.end()) return std::nullopt;
  return number;
}

void refuse_transaction_control(const fs::path& file, std::string_view sql) {
  if (sql_refuses_transaction(sql)) return;
  if (const std::string word = sql_transaction_control(sql); !word.empty()) {
    throw_usage(file.string() + " holds " + word + ", but each migration runs in a transaction of its own");
  }
}

}  // namespace

std::vector<Migration> read_migrations(const fs::path& directory) {
  std::map<std::string, Migration> by_name;
  std::map<std::string, fs::path> downs;
  for (const fs::path& path : files::list(directory)) {
    const std::string file = path.filename().string();
    if (file.starts_with('.')) continue;
    const bool is_up = file.ends_with(kUp);
    if (!is_up && !file.ends_with(kDown)) {
      throw_usage(path.string() + " is not a migration: migrations are named NNNN_name.up.sql and NNNN_name.down.sql");
    }
    const std::string name = file.substr(0, file.size() - (is_up ? kUp : kDown).size());
    const auto number = number_of(name);
    if (!number) throw_usage(path.string() + " does not begin with a number and an underscore, as in 0001_name.up.sql");
    const std::string sql = SqlFiles::read(path);
    refuse_transaction_control(path, sql);
    if (is_up) {
      by_name[name] = Migration{.name = name, .number = *number, .up = sql, .down_file = {}};
    } else {
      downs[name] = path;
    }
    if (by_name.size() > kMaxMigrations) throw_usage(directory.string() + " holds more than 10000 migrations");
  }
  for (const auto& [name, path] : downs) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) throw_usage(path.string() + " has no " + name + std::string(kUp) + " beside it");
    found->second.down_file = path;
  }
  std::vector<Migration> migrations;
  for (auto& [name, migration] : by_name) migrations.push_back(std::move(migration));
  std::sort(migrations.begin(), migrations.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  const auto twice = std::adjacent_find(migrations.begin(), migrations.end(),
                                        [](const auto& a, const auto& b) { return a.number == b.number; });
  if (twice != migrations.end()) {
    throw_usage("the migrations " + twice->name + " and " + std::next(twice)->name + " have the same number");
  }
  return migrations;
}

std::vector<fs::path> make_migration(const fs::path& directory, const std::string& name) {
  const bool is_plain = !name.empty() && std::ranges::all_of(name, [](unsigned char byte) {
    return std::isalnum(byte) != 0 || byte == '_' || byte == '-';
  });
  if (!is_plain) throw_usage("a migration's name has letters, digits, hyphens and underscores, as in add_index");
  const std::vector<Migration> earlier = read_migrations(directory);
  constexpr std::size_t kLeastDigits = 4;
  const std::size_t digits =
      earlier.empty() ? kLeastDigits : std::max<std::size_t>(earlier.back().name.find('_'), kLeastDigits);
  std::string number = std::to_string(earlier.empty() ? 1 : std::uint64_t{earlier.back().number} + 1);
  number.insert(0, digits - std::min(digits, number.size()), '0');
  std::error_code error;
  fs::create_directories(directory, error);
  std::vector<fs::path> files;
  for (const std::string_view ending : {kUp, kDown}) {
    const fs::path file = directory / (number + "_" + name + std::string(ending));
    std::ofstream out(file);
    out << (ending == kUp ? "-- What " + name + " changes.\n" : "-- Takes " + name + " back.\n") << std::flush;
    if (!out) throw_usage(file.string() + " cannot be written");
    files.push_back(file);
  }
  return files;
}

Migrator::Migrator(Connection& connection, std::vector<Migration> migrations)
    : connection_(connection), migrations_(std::move(migrations)) {}

const Migration* Migrator::find(const std::string& name) const {
  const auto found =
      std::find_if(migrations_.begin(), migrations_.end(), [&](const auto& m) { return m.name == name; });
  return found == migrations_.end() ? nullptr : &*found;
}

std::vector<MigrationStatus> Migrator::read_status() {
  std::vector<MigrationStatus> all;
  const bool has_table = connection_.value("SELECT to_regclass('public.stator_migrations')::text").has_value();
  Result applied;
  if (has_table) {
    applied = connection_.execute(
        "SELECT name, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') "
        "FROM public.stator_migrations");
  }
  for (const Row& row : applied.rows) {
    MigrationStatus status{.name = *row[0], .state = MigrationState::kMissing, .applied_at = *row[2]};
    if (const Migration* migration = find(status.name); migration != nullptr) {
      const bool same = connection_.value("SELECT " + std::string(kChecksum), {migration->up}) == row[1];
      status.state = same ? MigrationState::kApplied : MigrationState::kChanged;
    }
    all.push_back(std::move(status));
  }
  for (const Migration& migration : migrations_) {
    if (std::none_of(all.begin(), all.end(), [&](const auto& status) { return status.name == migration.name; })) {
      all.push_back({.name = migration.name, .state = MigrationState::kPending, .applied_at = {}});
    }
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::pair(number_of(a.name).value_or(0), a.name) < std::pair(number_of(b.name).value_or(0), b.name);
  });
  return all;
}

std::vector<MigrationStatus> Migrator::status() { return read_status(); }

void Migrator::require_consistent(const std::vector<MigrationStatus>& all) const {
  const MigrationStatus* pending = nullptr;
  for (const MigrationStatus& status : all) {
    if (status.state == MigrationState::kChanged) {
      throw_usage("migration " + status.name +
                  " was changed after it was applied: undo the change, or write a new migration");
    }
    if (status.state == MigrationState::kMissing) {
      throw_usage("migration " + status.name + " was applied, but its file is gone");
    }
    if (status.state == MigrationState::kPending) {
      if (pending == nullptr) pending = &status;
    } else if (pending != nullptr) {
      throw_usage("migration " + pending->name + " comes before " + status.name +
                  ", which is applied already: give it a later number");
    }
  }
}

void Migrator::run(const std::string& name, const std::string& script, const std::string& record,
                   const Parameters& parameters) {
  const bool refuses_transaction = sql_refuses_transaction(script);
  try {
    std::optional<Transaction> transaction;
    if (!refuses_transaction) transaction.emplace(connection_);
    connection_.execute_script(script);
    // Settings of the file (pg_dump empties search_path) must not affect the record or the next file, which another
    // command may apply.
    connection_.execute_script("RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL");
    connection_.execute(record, parameters);
    if (transaction) transaction->commit();
  } catch (const Error& error) {
    ErrorFields fields = error.fields();
    fields.message = "migration " + name + ": " + fields.message;
    if (refuses_transaction && fields.hint.empty())
      fields.hint = "it runs without a transaction, so what its earlier statements did stays";
    throw Error(error.kind(), std::move(fields));
  }
}

std::size_t Migrator::up(const MigrationProgress& progress) {
  const WorkLock lock = WorkLock::on_contents(connection_);
  const std::vector<MigrationStatus> all = read_status();
  require_consistent(all);
  if (all.empty()) return 0;
  connection_.execute(
      "CREATE TABLE IF NOT EXISTS public.stator_migrations "
      "(name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())");
  connection_.take_notices();  // about an existing table
  std::size_t count = 0;
  for (const MigrationStatus& status : all) {
    if (status.state != MigrationState::kPending) continue;
    connection_.check_interrupted();
    const Migration* migration = find(status.name);
    // An applied file may not change, so do not record an empty one.
    if (sql_is_empty(migration->up)) throw_usage("migration " + status.name + " holds no statement yet");
    run(status.name, migration->up,
        "INSERT INTO public.stator_migrations (name, checksum) VALUES ($2, " + std::string(kChecksum) + ")",
        {migration->up, migration->name});
    ++count;
    progress(status.name);
  }
  return count;
}

std::size_t Migrator::roll_back(std::size_t steps, const MigrationProgress& progress) {
  const WorkLock lock = WorkLock::on_contents(connection_);
  std::vector<MigrationStatus> all = read_status();
  std::reverse(all.begin(), all.end());
  std::size_t count = 0;
  for (const MigrationStatus& status : all) {
    if (count == steps) break;
    if (status.state == MigrationState::kPending) continue;
    connection_.check_interrupted();
    const Migration* migration = find(status.name);
    if (migration == nullptr || migration->down_file.empty()) {
      throw Error(ErrorKind::kMissing, "migration " + status.name + " cannot be rolled back: there is no " +
                                           status.name + std::string(kDown));
    }
    const std::string down = SqlFiles::read(migration->down_file);
    if (sql_is_empty(down)) {
      throw Error(ErrorKind::kMissing, "migration " + status.name + " cannot be rolled back: " +
                                           migration->down_file.string() + " holds no statement");
    }
    run(status.name, down, "DELETE FROM public.stator_migrations WHERE name = $1", {status.name});
    ++count;
    progress(status.name);
  }
  return count;
}

}  // namespace stator::postgres
