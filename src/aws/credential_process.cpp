#include "aws/credential_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "aws/metadata.h"
#include "core/api_error.h"
#include "core/descriptor.h"
#include "core/signals.h"
#include "json/reader.h"

extern char** environ;

namespace stator::aws {

namespace {

constexpr std::size_t kMaxOutputBytes = 64 * 1024;
constexpr std::chrono::seconds kTimeout{60};

pid_t start(const std::vector<std::string>& words, int output, const std::string& source) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  // This process ignores these signals; the program that it starts must not inherit that.
  sigset_t defaults;
  ::sigemptyset(&defaults);
  for (const int signal : core::kSignalsOfWrites) ::sigaddset(&defaults, signal);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw ConfigurationError(source + ": cannot run " + words[0] + ": " + std::strerror(error));
  return pid;
}

/// Reads to the end of the output; false at the time or size limit.
bool read_all(int input, std::string& output) {
  const auto deadline = std::chrono::steady_clock::now() + kTimeout;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd waiting{input, POLLIN, 0};
    const int ready = left > 0 ? ::poll(&waiting, 1, static_cast<int>(left)) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t bytes = ::read(input, buffer.data(), buffer.size());
    if (bytes == 0) return true;
    if (bytes < 0 || output.size() + static_cast<std::size_t>(bytes) > kMaxOutputBytes) return false;
    output.append(buffer.data(), static_cast<std::size_t>(bytes));
  }
}

}  // namespace

std::vector<std::string> split_command(const std::string& command) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    const char next = i + 1 < command.size() ? command[i + 1] : '\0';
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else if (c == '\\' && quote == '"' && (next == '"' || next == '\\')) {
        word += command[++i];
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == '\\' && next != '\0') {
      word += command[++i];
      in_word = true;
    } else if (c == ' ' || c == '\t') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) throw ConfigurationError("credential_process: a quote is not closed");
  if (in_word) words.push_back(std::move(word));
  return words;
}

Credentials run_credential_process(const std::string& command, const std::string& source) {
  const std::vector<std::string> words = split_command(command);
  if (words.empty()) throw ConfigurationError(source + " is empty");
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw ConfigurationError(source + ": " + std::strerror(errno));
  const core::Descriptor input(ends[0]);
  std::string output;
  pid_t pid = 0;
  {
    const core::Descriptor output_end(ends[1]);
    pid = start(words, output_end.number(), source);
  }
  const bool whole = read_all(input.number(), output);
  if (!whole) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!whole) throw ConfigurationError(source + ": " + words[0] + " printed too much or took longer than 60 s");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw ConfigurationError(source + ": " + words[0] +
                             (WIFEXITED(status) ? " ended with status " + std::to_string(WEXITSTATUS(status))
                                                : std::string(" was ended by a signal")));
  }
  json::Parser parser;
  json::Object object;
  json::Value version;
  std::int64_t number = 0;
  try {
    if (parser.parse(output).get(object) != simdjson::SUCCESS || !json::find_member(object, "Version", version) ||
        version.get(number) != simdjson::SUCCESS || number != 1) {
      throw ConfigurationError(source + ": " + words[0] + " must print a JSON object with \"Version\": 1");
    }
  } catch (const core::ApiError&) {
    throw ConfigurationError(source + ": " + words[0] + " did not print JSON");
  }
  return parse_credentials_json(output, source + ": " + words[0]);
}

}  // namespace stator::aws
