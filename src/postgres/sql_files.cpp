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

constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{16} * 1024 * 1024;

bool is_plain_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char byte) {
    return std::isalnum(byte) != 0 || byte == '-' || byte == '_';
  });
}

/// The text without the lines `\restrict KEY` and `\unrestrict KEY`, which pg_dump writes for psql since August 2025;
/// the server does not know them. Empty lines stay in their places, so that messages name the file's lines.
std::string without_restrict_lines(std::string text) {
  constexpr std::array<std::string_view, 2> kCommands{"\\restrict ", "\\unrestrict "};
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    const bool is_one =
        std::ranges::any_of(kCommands, [&](std::string_view command) { return line.starts_with(command); });
    if (is_one) text.erase(begin, end - begin);
    begin = (is_one ? begin : end) + 1;
  }
  return text;
}

}  // namespace

std::string SqlFiles::read(const std::filesystem::path& path) {
  if (const auto inside = files::built_in(path)) return std::string(*inside);
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) throw Error(ErrorKind::kMissing, path.string() + " cannot be read: " + error.message());
  if (size > kMaxFileBytes) throw Error(ErrorKind::kUsage, path.string() + " is larger than 16 MB");
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw Error(ErrorKind::kMissing, path.string() + " cannot be read");
  if (text.find('\0') != std::string::npos)
    throw Error(ErrorKind::kUsage, path.string() + " holds a NUL byte, which SQL text cannot");
  text = without_restrict_lines(std::string(core::without_byte_order_mark(text)));
  if (sql_copies_from_client(text)) {
    throw Error(ErrorKind::kUsage, path.string() +
                                       " has rows behind a COPY … FROM STDIN, which only psql sends; pg_dump --inserts "
                                       "writes statements");
  }
  return text;
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
