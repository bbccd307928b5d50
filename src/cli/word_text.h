#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cli/command.h"

namespace stator::cli {

/// The text that a word of the command line stands for: the word itself, @FILE's content, or standard input's for "-".
struct WordText {
  std::string text;
  /// Where it comes from, for messages: `of_word` for the word itself, else the file or "standard input".
  std::string of;
};

/// Throws CommandError if the file cannot be read, or if the text has more than `most_bytes`: "… is too long for
/// `what`".
WordText text_of_word(Session& session, const std::string& word, const std::string& of_word, std::size_t most_bytes,
                      const std::string& what);

/// `text` quoted as one word for a shell.
std::string quoted_for_shell(std::string_view text);

}  // namespace stator::cli
