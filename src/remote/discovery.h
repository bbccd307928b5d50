#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

/// How commands find a server that holds a data directory: the server writes a notice into it,
/// DIR/server.json: {"pid":1234,"url":"http://127.0.0.1:8000","id":"…"}. A notice may be older than its server's end,
/// or a copy; it counts only where the server at that address answers with the same id (GET /_stator/identity), and a
/// process holds the directory.
namespace stator::remote {

/// The URL of the running server that holds `directory`, or nullopt: no notice, an unreadable one, or a stale one (what
/// answers at its URL within `timeout_ms`, if anything, is another server, or no process holds the directory). `fault`
/// gets one line where a server answers that this process does not trust, or cannot make out: its certificate is
/// refused. Never throws.
std::optional<std::string> find_running_server(const std::filesystem::path& directory, std::uint32_t timeout_ms = 1000,
                                               std::string* fault = nullptr);

/// A server's notice, which exists as long as the object. A reader sees all of it or nothing.
class ServerNotice {
 public:
  /// `id` is what the server answers at /_stator/identity. Throws std::runtime_error where the file cannot be written.
  ServerNotice(const std::filesystem::path& directory, const std::string& url, std::string id);
  /// Removes the file, if it is still ours.
  ~ServerNotice();
  ServerNotice(const ServerNotice&) = delete;
  ServerNotice& operator=(const ServerNotice&) = delete;

 private:
  std::filesystem::path file_;
  std::string id_;
};

}  // namespace stator::remote
