#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// One connection to Redis or Valkey, on hiredis.
namespace stator::cache {

/// redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], or rediss:// for TLS. %XX escapes are allowed.
struct RedisAddress {
  std::string host;
  std::uint16_t port = 6379;
  std::string user;
  std::string password;
  std::uint32_t database = 0;
  bool tls = false;
  /// With `tls`: a PEM file of the accepted certificate authorities; empty: the system's.
  std::string authorities;
};
/// Throws std::invalid_argument that says what is wrong.
RedisAddress parse_redis_url(std::string_view url);

/// The connection is broken, or the server refused a command.
struct RedisError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct RedisReply {
  /// nullopt for nil.
  std::optional<std::string> text;
  std::int64_t number = 0;
  std::vector<RedisReply> elements;
};

/// For use by one thread at a time. Every wait ends after `timeout`.
class RedisConnection {
 public:
  /// Connects, authenticates and selects the database. Throws RedisError.
  RedisConnection(const RedisAddress& address, std::chrono::milliseconds timeout);
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  /// Throws RedisError.
  RedisReply command(const std::vector<std::string>& words);
  /// Sends all commands before it waits for the first reply, so that they take one round trip. Throws RedisError if one
  /// fails; whether those after it were carried out is then unknown.
  std::vector<RedisReply> commands(const std::vector<std::vector<std::string>>& all);
  /// Sends a command whose replies come later, one by one (such as SUBSCRIBE).
  void send(const std::vector<std::string>& words);
  /// Returns the next such reply; nullopt if none comes within `wait`.
  std::optional<RedisReply> receive(std::chrono::milliseconds wait);

 private:
  struct Wire;
  struct Plain;
  struct Encrypted;
  static std::unique_ptr<Wire> connect(const RedisAddress& address, std::chrono::milliseconds timeout);
  std::unique_ptr<Wire> wire_;
  std::chrono::milliseconds timeout_;
};

}  // namespace stator::cache
