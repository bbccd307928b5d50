#pragma once

#include <sys/types.h>

#include <streambuf>
#include <string>

#include "cli/command.h"
#include "cli/terminal.h"

namespace stator::cli {

/// The user quit the pager before the end of the text. This is no failure: the rest is not wanted.
struct PagerQuit : OutputError {
  PagerQuit();
};

/// While it exists, sends standard output through a pager, as git and gh do: only on a terminal, not with --no-pager,
/// and only text that does not fit the screen. The pager is STATOR_PAGER, else PAGER, else `less`; if that is empty or
/// `cat`, none is used. If it cannot be run, or fails before it has read much, the text is printed without it.
class Pager : private std::streambuf {
 public:
  explicit Pager(const Session& session);
  ~Pager() override;
  Pager(const Pager&) = delete;
  Pager& operator=(const Pager&) = delete;

  /// Prints the rest and waits until the pager ends. Throws what writing to standard output throws, and PagerQuit.
  void finish();

 private:
  enum class State : std::uint8_t { kOff, kHolds, kPages, kPrints };

  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize length) override;

  void take(std::string_view text);
  /// Whether the text held so far fits the screen.
  bool fits();
  void start();
  void send(std::string_view text);
  /// Waits for the pager to end. If it failed and may have read nothing, prints the text sent to it and returns true.
  bool end_pager();
  void print(std::string_view text);

  const Session& session_;
  std::streambuf* terminal_ = nullptr;
  State state_ = State::kOff;
  /// The text so far; kept while it may still be unread in the pipe.
  std::string held_;
  bool holds_all_ = true;
  /// The terminal lines left after the first `counted_` bytes of `held_`.
  std::size_t lines_left_ = 0;
  std::size_t counted_ = 0;
  pid_t process_ = -1;
  int pipe_ = -1;
};

}  // namespace stator::cli
