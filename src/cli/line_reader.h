#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"

namespace stator::cli {

/// Lines from a person at a terminal: with editing, a history that is kept, and completion where libedit is installed,
/// which is loaded when the first line is asked for; plain lines otherwise.
class LineReader {
 public:
  /// The words that may follow what was typed; those that do not begin with `word` are left out.
  using Complete = std::function<std::vector<std::string>(const std::string& word)>;

  /// `history`: where lines are kept from one run to the next, its owner's alone; empty: nowhere.
  LineReader(Session& session, std::filesystem::path history, Complete complete);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// nullopt at the end of input, and where Ctrl-C ended the line (`interrupted`).
  std::optional<std::string> read(const std::string& prompt);
  /// Whether Ctrl-C ended the last line. Only with editing; otherwise it ends the program.
  [[nodiscard]] bool interrupted() const { return interrupted_; }
  /// Keeps a line in the history and its file, newlines as spaces.
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
