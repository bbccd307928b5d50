#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

/// Stator's embedding API: DynamoDB inside your process. Link with `stator` (see examples/embed.cpp).
namespace stator {

struct OpenOptions {
  /// Data directory, created when missing. Empty: in memory, gone with the Database.
  std::string directory;
  /// Wait for the disk before a write is acknowledged: it then survives power loss. Without it a write survives the
  /// death of the process, not of the machine.
  bool sync = false;
  /// Told, a line each and from any thread, of what no call waits for: faults of the disk and their end. Must not
  /// throw. Nothing is printed where it is empty.
  std::function<void(std::string_view line)> log = {};
};

/// What an operation came to.
struct Result {
  /// True: `body` is the reply. False: `body` is the error body and `error_type` its bare type.
  bool ok = false;
  /// JSON, as DynamoDB sends it.
  std::string body;
  /// "ValidationException", "ConditionalCheckFailedException", …; empty when ok.
  std::string error_type;
  /// The error's message; empty when ok.
  std::string error_message;
};

/// An open database. Safe to use from several threads at once. One process at a time holds a directory.
class Database {
 public:
  /// Throws std::runtime_error with one line for the user: directory held by another process, damaged, or not Stator's.
  static Database open(const OpenOptions& options);
  /// A database in memory.
  static Database open_in_memory();

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  /// Closes cleanly: nothing has to be replayed at the next open.
  ~Database();

  /// Calls one operation by its DynamoDB name, e.g. call("PutItem", R"({"TableName":"t","Item":{"pk":{"S":"a"}}})").
  /// Never throws for what the request contains; the Result says.
  Result call(std::string_view operation, std::string_view request_json);

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// "0.1.0"
std::string_view version();

}  // namespace stator
