#pragma once

#include <initializer_list>
#include <sstream>
#include <string>
#include <vector>

#include "cli/command.h"

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

}  // namespace stator::cli
