#include "cli/pager.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <ostream>
#include <utility>

#include "cli/foreground.h"
#include "toolkit/text_table.h"

namespace stator::cli {
namespace {

/// The capacity of a pipe: if more was written, the pager has read some of it.
constexpr std::size_t kPipeBytes = 64 * 1024;
/// The line about costs and the shell's prompt, which follow the text.
constexpr std::size_t kLinesBelow = 2;

/// STATOR_PAGER, else PAGER; null if neither is set.
const char* configured_pager() {
  for (const char* name : {"STATOR_PAGER", "PAGER"}) {
    if (const char* value = std::getenv(name); value != nullptr) return value;
  }
  return nullptr;
}

/// Runs the pager in a child after fork. `less` needs no shell.
[[noreturn]] void exec_pager(const char* configured) {
  // F: quit if the text fits the screen; R: colours; X: do not clear the screen.
  ::setenv("LESS", "FRX", 0);
  ::setenv("LESSCHARSET", "utf-8", 0);
  if (configured != nullptr) exec_shell(configured);
  exec_program("less");
}

}  // namespace

PagerQuit::PagerQuit() : OutputError(EPIPE) {}

Pager::Pager(const Session& session) : session_(session) {
  if (!session.pages || !session.out_is_terminal) return;
  const char* configured = configured_pager();
  if (configured != nullptr && (*configured == '\0' || std::string_view(configured) == "cat")) return;
  session.out->flush();
  const std::size_t lines = terminal_lines();
  lines_left_ = lines - std::min(lines, kLinesBelow);
  terminal_ = session.out->rdbuf(this);
  state_ = State::kHolds;
}

Pager::~Pager() {
  try {
    finish();
  } catch (const std::exception&) {  // another error is being thrown
  }
}

void Pager::finish() {
  const State state = std::exchange(state_, State::kOff);
  if (state == State::kOff) return;
  session_.out->rdbuf(terminal_);
  if (state == State::kPages) end_pager();
  if (state == State::kHolds) print(held_);
}

Pager::int_type Pager::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  const char character = traits_type::to_char_type(c);
  take({&character, 1});
  return c;
}

std::streamsize Pager::xsputn(const char* text, std::streamsize length) {
  take({text, static_cast<std::size_t>(length)});
  return length;
}

void Pager::take(std::string_view text) {
  if (state_ == State::kPrints) return print(text);
  if (state_ == State::kPages) return send(text);
  held_ += text;
  if (!fits()) start();
}

bool Pager::fits() {
  const std::size_t columns = std::max<std::size_t>(session_.columns, 1);
  for (std::size_t end = 0; (end = held_.find('\n', counted_)) != std::string::npos; counted_ = end + 1) {
    const std::size_t width = toolkit::display_width(std::string_view(held_).substr(counted_, end - counted_));
    const std::size_t lines = width == 0 ? 1 : (width + columns - 1) / columns;
    if (lines > lines_left_) return false;
    lines_left_ -= lines;
  }
  constexpr std::size_t kMostBytesOfACharacter = 4;
  return held_.size() - counted_ <= (lines_left_ + 1) * columns * kMostBytesOfACharacter;
}

void Pager::start() {
  const std::string text = std::exchange(held_, {});
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) == 0) {
    pipe_ = ends[1];
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(ends[0], STDIN_FILENO);
      exec_pager(configured_pager());
    }
    ::close(ends[0]);
    if (process_ < 0) ::close(pipe_);
  }
  state_ = process_ > 0 ? State::kPages : State::kPrints;
  take(text);
}

void Pager::send(std::string_view text) {
  holds_all_ = holds_all_ && held_.size() + text.size() <= kPipeBytes;
  if (holds_all_) held_ += text;
  while (!text.empty()) {
    const ssize_t written = ::write(pipe_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      state_ = State::kPrints;
      if (!end_pager()) throw PagerQuit();
      return;
    }
  }
}

bool Pager::end_pager() {
  ::close(pipe_);
  // Ctrl-C belongs to the pager until it ends: there it only stops a search.
  const TerminalKeysIgnored guard;
  const int status = wait_for_child(process_);
  if (!holds_all_ || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) return false;
  print(held_);
  return true;
}

void Pager::print(std::string_view text) { terminal_->sputn(text.data(), static_cast<std::streamsize>(text.size())); }

}  // namespace stator::cli
