#include "postgres/sql_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <fstream>
#include <iterator>

#include "core/utf8.h"
#include "files/files.h"
#include "postgres/error.h"
#include "postgres/sql_words.h"

namespace stator::postgres {
namespace {

/// The limit for a file, as it is held in memory.
constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{256} * 1024 * 1024;

bool is_plain_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char byte) {
    return std::isalnum(byte) != 0 || byte == '-' || byte == '_';
  });
}

/// psql commands that only change what psql shows, and are skipped. pg_dump writes `\restrict` and `\unrestrict` since
/// August 2025.
constexpr std::array<std::string_view, 9> kPassedOver{
    "restrict", "unrestrict", "echo", "qecho", "warn", "pset", "timing", "x", "set ON_ERROR_STOP"};

[[noreturn]] void refuse(const std::filesystem::path& path, std::size_t line, const std::string& what) {
  throw Error(ErrorKind::kUsage, path.string() + ":" + std::to_string(line) + ": " + what);
}

bool is_passed_over(std::string_view command) {
  command.remove_prefix(1);
  return std::ranges::any_of(kPassedOver, [&](std::string_view known) {
    return command.starts_with(known) && (command.size() == known.size() || command[known.size()] <= ' ');
  });
}

[[noreturn]] void refuse_psql_command(const std::filesystem::path& path, std::size_t line, std::string_view command) {
  const std::string name = one_line(command.substr(0, std::min(command.find_first_of(" \t\r"), command.size())));
  std::string what = name + " is a command of psql, not SQL";
  if (name == "\\connect" || name == "\\c") {
    what += ": --connection-url or the model names the database (pg_dump without --create writes no \\connect)";
  } else if (name == "\\copy") {
    what += ": COPY … FROM stdin, with the rows behind it, is";
  } else if (name == "\\i" || name == "\\ir" || name == "\\include" || name == "\\include_relative") {
    what += ": put that file's text in its place";
  } else {
    what += ": leave it out";
  }
  refuse(path, line, what);
}

/// The text without psql commands. Lines keep their numbers, so that messages name those of the file.
std::string without_psql_commands(const std::filesystem::path& path, std::string text) {
  std::string kept;
  std::size_t done = 0;
  SqlReader reader(text);
  while (const auto statement = reader.next()) {
    const std::string_view rest = statement->rest_of_line;
    if (const std::size_t other = rest.find_first_not_of(" \t\r");
        other != std::string_view::npos && !rest.substr(other).starts_with("--")) {
      refuse(path, line_of(text, offset_in(text, rest)),
             "after COPY … FROM stdin; its rows begin on the next line, and nothing else may be on this one");
    }
    const std::string_view command = statement->psql_command;
    if (command.empty()) continue;
    if (!is_passed_over(command)) refuse_psql_command(path, line_of(text, offset_in(text, command)), command);
    const std::size_t begin = offset_in(text, command);
    kept.append(text, done, begin - done);
    done = begin + command.size();
  }
  if (done == 0) return text;
  return kept.append(text, done);
}

}  // namespace

std::string SqlFiles::read(const std::filesystem::path& path) {
  if (const auto inside = files::built_in(path)) return std::string(*inside);
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) throw Error(ErrorKind::kMissing, path.string() + " cannot be read: " + error.message());
  if (size > kMaxFileBytes)
    throw Error(ErrorKind::kUsage,
                path.string() + " is larger than 256 MB: psql \"$(stator db url)\" -f FILE loads it");
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw Error(ErrorKind::kMissing, path.string() + " cannot be read");
  if (text.starts_with("PGDMP"))
    throw Error(ErrorKind::kUsage,
                path.string() + " is an archive of pg_dump, not SQL: pg_restore -f FILE.sql makes SQL of it");
  if (text.find('\0') != std::string::npos)
    throw Error(ErrorKind::kUsage, path.string() + " holds a NUL byte, which SQL text cannot");
  try {
    static_cast<void>(sql_refuses_transaction(core::without_byte_order_mark(text)));
  } catch (const Error& bad_mark) {
    throw Error(bad_mark.kind(), path.string() + ": " + bad_mark.what());
  }
  return without_psql_commands(path, std::string(core::without_byte_order_mark(text)));
}

std::vector<std::string> SqlFiles::query_names() const {
  std::vector<std::string> names;
  for (const std::filesystem::path& file : files::list(directory_ / "queries")) {
    if (file.extension() == ".sql") names.push_back(file.stem().string());
  }
  return names;
}

std::string SqlFiles::query(std::string_view name) const {
  const std::filesystem::path path = directory_ / "queries" / (std::string(name) + ".sql");
  if (is_plain_name(name) && files::is_file(path)) return read(path);
  std::string known;
  for (const std::string& candidate : query_names()) known += (known.empty() ? "" : ", ") + candidate;
  throw Error(ErrorKind::kMissing, "there is no query \"" + std::string(name) + "\" in " +
                                       (directory_ / "queries").string() + " (" +
                                       (known.empty() ? "it has none" : "it has " + known) + ")");
}

}  // namespace stator::postgres
