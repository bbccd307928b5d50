#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "core/log_sink.h"
#include "endpoint/endpoint.h"
#include "server/server.h"

/// The options of the commands that serve over HTTP: `serve` and `cache`.
namespace stator::cli {

struct ServerOptions {
  server::Options http;
  std::string log_level = "info";
  std::string log_format = "text";
  std::optional<std::string> credentials;
  std::string tls_certificate;
  std::string tls_key;
  bool tls_self_signed = false;
  std::string ready_file;
};

/// Adds these options (--port … --ready-file) to the command.
void add_server_options(CLI::App& command, ServerOptions& options);

/// Configures the log, reads the keys and checks the options. Throws CommandError, aws::ConfigurationError. To be
/// called before anything else writes to the log.
void prepare(ServerOptions& options);

/// Reads or creates the certificate; a self-signed one is kept in `directory`, unless that is empty.
void prepare_tls(ServerOptions& options, const std::string& directory);

/// A file with one line of JSON for launchers (ServerOptions::ready_file), written atomically and removed when the
/// server ends. Without a path it does nothing. Throws CommandError.
class ReadyFile {
 public:
  ReadyFile(std::string path, const server::Server& server);
  ~ReadyFile();
  ReadyFile(const ReadyFile&) = delete;
  ReadyFile& operator=(const ReadyFile&) = delete;

 private:
  const std::string path_;
};

/// Writes a line to the log.
void log_line(core::LogLevel level, std::string_view line);

/// "Stator 1.2.3 VERB http://127.0.0.1:8000 (WHAT)", or the same as JSON with "storage":WHAT.
std::string start_line(const server::Server& server, const std::string& verb, const std::string& what,
                       const server::Options& options);

}  // namespace stator::cli
