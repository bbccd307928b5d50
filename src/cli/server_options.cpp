#include "cli/server_options.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

#include "cli/file_error.h"
#include "core/json_string.h"
#include "json/object_writer.h"
#include "server/access_keys.h"
#include "server/log.h"
#include "server/tls_identity.h"
#include "server/web_rules.h"

namespace stator::cli {

void add_server_options(CLI::App& command, ServerOptions& options) {
  command.add_option("--port", options.http.port, "Port; 0 picks a free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  command.add_option("--host", options.http.host, "Address to listen on; 0.0.0.0 means all")->capture_default_str();
  command
      .add_option("--credentials", options.credentials,
                  "Answer only requests signed with keys of this credentials file (- for standard input, env for the "
                  "environment's AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for tests, KEY:SECRET)")
      ->type_name("SOURCE");
  CLI::Option* const certificate =
      command
          .add_option("--tls-cert", options.tls_certificate, "Speak TLS with this certificate (PEM, with its chain)")
          ->type_name("FILE");
  CLI::Option* const key = command.add_option("--tls-key", options.tls_key, "The certificate's key (PEM, no password)")
                               ->type_name("FILE")
                               ->needs(certificate);
  certificate->needs(key);
  command
      .add_flag("--tls-self-signed", options.tls_self_signed,
                "Speak TLS with a self-signed certificate, kept in the data directory")
      ->excludes(certificate);
  command
      .add_option(
          "--allow-origin", options.http.allowed_origins,
          "Origin of web pages that may call, such as https://example.com; * allows all (default: only pages on\n"
          "this machine's loopback addresses)")
      ->allow_extra_args(false);
  command
      .add_option("--max-connections", options.http.max_connections,
                  "Maximum number of connections; fewer if the limit on open files is lower")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command
      .add_option("--threads", options.http.threads,
                  "Number of event loops (default: one per core); long calls get threads of their own")
      ->check(CLI::Range(1, 1024));
  command.add_option("--log-level", options.log_level, "trace, debug, info, warn, error or off")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
  command.add_option("--log-format", options.log_format, "text or json; the log goes to standard error")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command.add_flag("--log-requests", options.http.log_requests,
                   "Log each request: method, operation, status, bytes, microseconds, request id");
  command
      .add_option("--ready-file", options.ready_file,
                  "Once serving, write a line of JSON with the address to this file")
      ->type_name("FILE");
}

void prepare(ServerOptions& options) {
  options.http.log_format = options.log_format == "json" ? server::LogFormat::kJson : server::LogFormat::kText;
  server::configure_log(options.log_level, options.http.log_format);
  if (options.credentials) {  // even if empty: an unset shell variable must not mean "without keys"
    try {
      options.http.credentials = server::reloadable_access_keys(*options.credentials);
    } catch (const server::NoKeysSource& error) {
      throw CommandError(std::string("stator: ") + error.what(), 2);
    }
  }
  for (const std::string& origin : options.http.allowed_origins) {
    if (server::is_origin_or_star(origin)) continue;
    throw CommandError(
        "stator: --allow-origin " + origin + " is not an origin: scheme://host, scheme://host:port, or *", 2);
  }
  options.http.metrics.emplace_back([](core::MetricsText& out) {
    out.begin("stator_build_info", core::MetricKind::kGauge, "1, with the version as a label.");
    out.sample(std::uint64_t{1}, {{"version", STATOR_VERSION}});
  });
  if (options.http.host.empty()) {
    throw CommandError("stator: --host needs an address to listen on (0.0.0.0 is all of them)", 2);
  }
}

void prepare_tls(ServerOptions& options, const std::string& directory) {
  if (!options.tls_certificate.empty()) {
    options.http.tls = server::tls_identity_of_files(options.tls_certificate, options.tls_key);
  } else if (options.tls_self_signed) {
    options.http.tls = server::own_tls_identity(directory);
  }
}

void log_line(core::LogLevel level, std::string_view line) {
  switch (level) {
    case core::LogLevel::kInfo:
      return spdlog::info("{}", line);
    case core::LogLevel::kWarning:
      return spdlog::warn("{}", line);
    case core::LogLevel::kError:
      return spdlog::error("{}", line);
  }
}

ReadyFile::ReadyFile(std::string path, const server::Server& server) : path_(std::move(path)) {
  if (path_.empty()) return;
  std::string line;
  json::ObjectWriter writer(line);
  writer.text("url", server.url());
  writer.integer("port", server.port());
  writer.integer("pid", ::getpid());
  writer.text("version", STATOR_VERSION);
  writer.end();
  errno = 0;
  {
    std::ofstream out(path_ + ".new", std::ios::trunc);
    out << line << "\n";
    out.flush();
    if (!out) throw file_error("write", path_);
  }
  std::error_code error;
  std::filesystem::rename(path_ + ".new", path_, error);
  if (error) throw CommandError("stator: cannot write " + path_ + ": " + error.message());
}

ReadyFile::~ReadyFile() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

std::string start_line(const server::Server& server, const std::string& verb, const std::string& what,
                       const server::Options& options) {
  const std::string fingerprint = options.tls == nullptr ? "" : options.tls->value()->fingerprint();
  if (options.log_format == server::LogFormat::kText) {
    std::string line = fmt::format("Stator {} {} {} ({})", STATOR_VERSION, verb, server.url(), what);
    return fingerprint.empty() ? line : line + "\nTLS certificate SHA-256 " + fingerprint;
  }
  std::string line = R"({"message":"serving","url":)";
  core::append_json_string(server.url(), line);
  line += R"(,"storage":)";
  core::append_json_string(what, line);
  if (!fingerprint.empty()) line += R"(,"certificate_sha256":")" + fingerprint + '"';
  return line + R"(,"version":")" STATOR_VERSION "\"}";
}

}  // namespace stator::cli
