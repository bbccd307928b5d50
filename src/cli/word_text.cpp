#include "cli/word_text.h"

#include <cerrno>
#include <fstream>
#include <istream>
#include <vector>

#include "cli/file_error.h"

namespace stator::cli {
namespace {

std::string read_all(std::istream& in, const std::string& of, std::size_t most_bytes, const std::string& what) {
  std::string text;
  std::vector<char> piece(64 * 1024);
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > most_bytes) throw CommandError("stator: " + of + " is too long for " + what);
  }
  if (in.bad()) throw file_error("read", of);
  return text;
}

}  // namespace

WordText text_of_word(Session& session, const std::string& word, const std::string& of_word, std::size_t most_bytes,
                      const std::string& what) {
  if (word == "-") {
    const std::string of = "standard input";
    return {read_all(*session.in, of, most_bytes, what), of};
  }
  if (!word.starts_with('@')) return {word, of_word};
  const std::string file = word.substr(1);
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) throw file_error("read", file);
  return {read_all(in, file, most_bytes, what), file};
}

std::string quoted_for_shell(std::string_view text) {
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + "'";
}

}  // namespace stator::cli
