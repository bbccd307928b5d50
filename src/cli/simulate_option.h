#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "server/server.h"
#include "simulate/simulating.h"

/// The option --simulate of the commands that serve.
namespace stator::cli {

/// Adds --simulate to the command; `file` stays empty if it is not given.
void add_simulate_option(CLI::App& command, std::string& file);

/// Reads the rules in a file. Throws CommandError if it cannot be read, or if a rule is wrong.
simulate::Rules read_rules(const std::string& file);

/// Adds paths to the server, which `simulating` must outlive (docs/simulate.md):
///   GET /_stator/simulate    the rules and their counters
///   POST /_stator/simulate   replaces the rules
/// and the counters to its metrics.
void add_simulate_paths(simulate::Simulating& simulating, server::Options& server);

}  // namespace stator::cli
