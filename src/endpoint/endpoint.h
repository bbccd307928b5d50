#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stator::endpoint {

/// One DynamoDB operation as it came in.
struct Request {
  /// "GetItem"; without the target's version prefix.
  std::string_view operation;
  /// The request body, JSON.
  std::string_view body;
  /// Readable bytes after `body` (simdjson wants some, and copies the text where there are too few).
  std::size_t padding_bytes = 0;
};

/// Whatever answers DynamoDB operations: the engine in this process, a service over HTTP, or a wrapper round one.
/// Safe to call from several threads at once.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  /// Appends the reply body (JSON) to `reply`. Throws core::ApiError; `reply` is then as it was before.
  virtual void call(const Request& request, std::string& reply) = 0;
  /// The same with a string out, for callers off the hot path.
  std::string call(std::string_view operation, std::string_view body);
  /// Where it is, in a few words for people: "memory", "./.stator", "http://localhost:8000", "AWS us-east-1".
  [[nodiscard]] virtual std::string describe() const = 0;
};

}  // namespace stator::endpoint
