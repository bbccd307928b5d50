#include "cli/simulate_option.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/command.h"
#include "core/api_error.h"
#include "core/utf8.h"

namespace stator::cli {

void add_simulate_option(CLI::App& command, std::string& file) {
  command
      .add_option("--simulate", file,
                  "Inject faults by the rules of this file: throttling, errors, slow replies, cut connections\n"
                  "(docs/simulate.md)")
      ->type_name("FILE");
}

simulate::Rules read_rules(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw CommandError("stator: cannot read " + file + ": " + std::strerror(errno));
  if (std::filesystem::is_directory(file)) throw CommandError("stator: cannot read " + file + ": it is a directory");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  try {
    return simulate::parse_rules(core::without_byte_order_mark(text));
  } catch (const core::ApiError& error) {
    throw CommandError("stator: " + file + ": " + error.message, 2);
  }
}

void add_simulate_paths(simulate::Simulating& simulating, server::Options& server) {
  constexpr const char* kPath = "/_stator/simulate";
  server.routes.push_back(
      {.method = "GET", .path = kPath, .answer = [&simulating](std::string_view /*body*/, std::string& reply) {
         simulating.append_state(reply);
       }});
  server.routes.push_back({.method = "POST",
                           .path = kPath,
                           .changes = true,
                           .answer = [&simulating](std::string_view body, std::string& reply) {
                             simulating.set_rules(simulate::parse_rules(body));
                             simulating.append_state(reply);
                           }});
  server.metrics.emplace_back([&simulating](core::MetricsText& out) { simulating.append_metrics(out); });
}

}  // namespace stator::cli
