#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

/// How commands find a server that holds a data directory: the server writes a notice into it,
/// DIR/server.json: {"pid":1234,"url":"http://127.0.0.1:8000"}
namespace stator::remote {

/// The URL of the running server that holds `directory`, or nullopt: no notice, an unreadable one, or a stale one (its
/// process is gone, or its URL does not answer within `timeout_ms`). Never throws.
std::optional<std::string> find_running_server(const std::filesystem::path& directory, std::uint32_t timeout_ms = 1000);

/// A server's notice, which exists as long as the object. A reader sees all of it or nothing.
class ServerNotice {
 public:
  /// Throws std::runtime_error where the file cannot be written.
  ServerNotice(const std::filesystem::path& directory, const std::string& url);
  /// Removes the file, if it is still ours.
  ~ServerNotice();
  ServerNotice(const ServerNotice&) = delete;
  ServerNotice& operator=(const ServerNotice&) = delete;

 private:
  std::filesystem::path file_;
};

}  // namespace stator::remote
