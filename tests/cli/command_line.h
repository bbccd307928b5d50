#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "support/temporary_directory.h"

namespace stator::cli {

/// The output and the exit status of one command line.
struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

/// Runs one command line in this process.
inline Outcome run_line(const std::vector<std::string>& arguments, const std::string& input = "",
                        bool in_is_terminal = false) {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  Session session;
  session.in = &in;
  session.out = &out;
  session.err = &err;
  session.in_is_terminal = in_is_terminal;
  std::vector<const char*> argv = {"stator"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  Outcome outcome;
  outcome.code = run(static_cast<int>(argv.size()), argv.data(), session);
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

/// Each test gets an empty folder, and no environment variables from the caller or an earlier test that change
/// commands.
class CommandTest : public ::testing::Test {
 protected:
  CommandTest() { clear_environment(); }
  ~CommandTest() override { clear_environment(); }

  [[nodiscard]] std::string path(const std::string& name) const { return (directory_.path() / name).string(); }

  TemporaryDirectory directory_;

 private:
  static void clear_environment() {
    static constexpr std::array<std::string_view, 3> kPrefixes = {"AWS_", "PG", "STATOR_"};
    static constexpr std::array<std::string_view, 5> kNames = {"CONNECTION_URL", "EDITOR", "PROD_CONNECTION_URL",
                                                               "VISUAL", "XDG_STATE_HOME"};
    std::vector<std::string> names;
    for (char** variable = environ; *variable != nullptr; ++variable) {
      const std::string_view text = *variable;
      const std::string_view name = text.substr(0, text.find('='));
      const auto begins = [name](std::string_view prefix) { return name.starts_with(prefix); };
      if (std::ranges::any_of(kPrefixes, begins) || std::ranges::find(kNames, name) != kNames.end())
        names.emplace_back(name);
    }
    for (const std::string& name : names) ::unsetenv(name.c_str());
  }
};

}  // namespace stator::cli
