#include "cli/line_reader.h"

#include <fcntl.h>
#include <langinfo.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <istream>
#include <ostream>

#include "cli/terminal_input.h"
#include "http/shared_library.h"

namespace stator::cli {
namespace {

constexpr int kMostLinesKept = 1000;

/// Global, as libedit's callback has no argument for it; there is only one prompt at a time.
const LineReader::Complete* g_complete = nullptr;

/// Makes typed text UTF-8 whatever the locale is, as statements are UTF-8.
void read_utf8() {
  if (std::setlocale(LC_CTYPE, "") != nullptr && std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0) return;
  std::setlocale(LC_CTYPE, "C.UTF-8");
}

char* next_word(const char* text, int state) {
  static std::vector<std::string> words;
  static std::size_t at = 0;
  if (state == 0) {
    words.clear();
    at = 0;
    // The callback may fail (the endpoint is gone); then there are no completions.
    try {
      if (g_complete != nullptr) words = (*g_complete)(text);
    } catch (const std::exception&) {
      words.clear();
    }
    std::erase_if(words, [&](const std::string& word) { return !word.starts_with(text); });
  }
  // libedit frees the word.
  return at < words.size() ? ::strdup(words[at++].c_str()) : nullptr;
}

}  // namespace

/// The functions of libedit's readline interface that are used.
struct LineReader::Library {
  using Generator = char*(const char*, int);
  using Attempted = char**(const char*, int, int);

  Library()
      : library("libedit.so.2", "libedit2"),
        input(STDIN_FILENO, {.resize = library.function<void (*)()>("rl_resize_terminal"),
                             .leave = library.function<void (*)()>("rl_deprep_terminal"),
                             .return_ = [this] { come_back(); }}) {
    read_utf8();
    // Set before the first use of libedit, which reads both then. This class handles signals.
    *library.function<int*>("rl_catch_signals") = 0;
    *library.function<int (**)(std::FILE*)>("rl_getc_function") = [](std::FILE*) { return self->input.character(); };
    prepare_terminal = library.function<void (*)(int)>("rl_prep_terminal");
    leave_terminal = library.function<void (*)()>("rl_deprep_terminal");
    draw_again = library.function<int (*)()>("rl_forced_update_display");
    readline = library.function<char* (*)(const char*)>("readline");
    add_history = library.function<int (*)(const char*)>("add_history");
    read_history = library.function<int (*)(const char*)>("read_history");
    write_history = library.function<int (*)(const char*)>("write_history");
    stifle_history = library.function<void (*)(int)>("stifle_history");
    matches = library.function<char** (*)(const char*, Generator*)>("rl_completion_matches");
    self = this;
    line_so_far = library.function<char**>("rl_line_buffer");
    append = library.function<int*>("rl_completion_append_character");
    *library.function<Attempted**>("rl_attempted_completion_function") = [](const char* text, int begin, int) {
      *self->library.function<int*>("rl_attempted_completion_over") = 1;
      // After a quoted name append the closing quote: a space would become part of the name.
      *self->append = begin > 0 && (*self->line_so_far)[begin - 1] == '"' ? '"' : ' ';
      return self->matches(text, &next_word);
    };
    static char breaks[] = " \t\n\"',.()[]{}<>=!;";
    *library.function<const char**>("rl_completer_word_break_characters") = breaks;
  }
  ~Library() { self = nullptr; }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  /// Called when a stopped process continues: other programs may have changed the terminal's settings.
  void come_back() const {
    leave_terminal();
    prepare_terminal(1);
    draw_again();
  }

  http::SharedLibrary library;
  TerminalInput input;
  void (*prepare_terminal)(int) = nullptr;
  void (*leave_terminal)() = nullptr;
  int (*draw_again)() = nullptr;
  char* (*readline)(const char*) = nullptr;
  int (*add_history)(const char*) = nullptr;
  int (*read_history)(const char*) = nullptr;
  int (*write_history)(const char*) = nullptr;
  void (*stifle_history)(int) = nullptr;
  char** (*matches)(const char*, Generator*) = nullptr;
  char** line_so_far = nullptr;
  int* append = nullptr;
  Complete complete;
  static inline Library* self = nullptr;
};

LineReader::LineReader(Session& session, std::filesystem::path history, Complete complete)
    : session_(session), history_(std::move(history)) {
  if (!session.in_is_terminal || !session.out_is_terminal) return;
  try {
    library_ = std::make_unique<Library>();
  } catch (const std::runtime_error&) {
    return;  // not installed: plain lines
  }
  library_->complete = std::move(complete);
  g_complete = &library_->complete;
  library_->stifle_history(kMostLinesKept);
  if (!history_.empty()) library_->read_history(history_.c_str());
}

LineReader::~LineReader() { g_complete = nullptr; }

void LineReader::save() const {
  if (history_.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(history_.parent_path(), ignored);
  // Statements contain data, so make the file private to its owner before anything is written.
  const int file = ::open(history_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  ::close(file);
  library_->write_history(history_.c_str());
}

std::optional<std::string> LineReader::read(const std::string& prompt) {
  if (library_) {
    session_.out->flush();
    char* line = nullptr;
    {
      const TerminalInput::Listening listening(library_->input);
      line = library_->readline(prompt.c_str());
    }
    interrupted_ = line == nullptr && library_->input.interrupted();
    if (interrupted_) *session_.out << "^C\n" << std::flush;
    if (line == nullptr) return std::nullopt;
    std::string text(line);
    std::free(line);  // NOLINT(cppcoreguidelines-no-malloc): libedit's
    return text;
  }
  if (session_.in_is_terminal) *session_.out << prompt << std::flush;
  std::string line;
  if (!std::getline(*session_.in, line)) return std::nullopt;
  return line;
}

void LineReader::remember(std::string line) {
  if (!library_) return;
  std::ranges::replace(line, '\n', ' ');
  library_->add_history(line.c_str());
  save();  // before the statement runs, as Ctrl-C would end the program
}

}  // namespace stator::cli
