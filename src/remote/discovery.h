#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

/// How commands find a server that holds a data directory: the server writes a notice into it,
/// DIR/server.json: {"pid":1234,"url":"http://127.0.0.1:8000","id":"…"}. A notice may have been left behind or copied;
/// it counts only if the server at that address answers with the same id (GET /_stator/identity), and a process holds
/// the directory.
namespace stator::remote {

/// The URL of the running server that holds `directory`. nullopt if there is no notice, or if it is unreadable or
/// stale: within `timeout_ms` nothing or another server answers at its URL, or no process holds the directory. `fault`
/// is set to one line if a server answers but its certificate is refused, so that it cannot be identified. Never
/// throws.
std::optional<std::string> find_running_server(const std::filesystem::path& directory, std::uint32_t timeout_ms = 1000,
                                               std::string* fault = nullptr);

/// A server's notice, which exists as long as this object. It is written atomically.
class ServerNotice {
 public:
  /// `id`: what the server returns at /_stator/identity. Throws std::runtime_error if the file cannot be written.
  ServerNotice(const std::filesystem::path& directory, const std::string& url, std::string id);
  /// Removes the file unless another server has replaced it.
  ~ServerNotice();
  ServerNotice(const ServerNotice&) = delete;
  ServerNotice& operator=(const ServerNotice&) = delete;

 private:
  std::filesystem::path file_;
  std::string id_;
};

}  // namespace stator::remote
