#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"

namespace stator::cli {

/// Reads lines from a terminal, with editing, history and completion if libedit is installed. It is loaded before the
/// first line.
class LineReader {
 public:
  /// Returns the words that may follow; those that do not begin with `word` are ignored.
  using Complete = std::function<std::vector<std::string>(const std::string& word)>;

  /// `history`: the file that keeps lines between runs, readable by its owner only; empty: no history file.
  LineReader(Session& session, std::filesystem::path history, Complete complete);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// Returns a line; nullopt at the end of input, or if Ctrl-C ended the line (`interrupted`).
  std::optional<std::string> read(const std::string& prompt);
  /// Whether Ctrl-C ended the last line. Without libedit, Ctrl-C ends the program.
  [[nodiscard]] bool interrupted() const { return interrupted_; }
  /// Adds a line to the history and its file, with spaces instead of newlines.
  void remember(std::string line);

 private:
  struct Library;
  Session& session_;
  void save() const;

  std::filesystem::path history_;
  bool interrupted_ = false;
  std::unique_ptr<Library> library_;
};

}  // namespace stator::cli
