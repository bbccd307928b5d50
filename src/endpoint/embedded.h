#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "api/account.h"
#include "endpoint/endpoint.h"
#include "engine/engine.h"

namespace stator::endpoint {

/// Faults of requests that are tolerated, for clients that were only tested with DynamoDB Local.
enum class Leniency : std::uint8_t {
  kNone,           // none, as in the service
  kNumbersAsText,  // whole numbers outside items (capacity units, limits) may be texts
};

/// The parts of ARNs in replies.
struct Identity {
  /// For requests without a region in their signature.
  std::string region = "us-east-1";
  std::string account_id = api::kDefaultAccountId;
};

/// The engine in this process: on a data directory, or in memory if `directory` is empty.
class Embedded : public Endpoint {
 public:
  /// Opens the engine. Throws store::OpenError with one line for the user.
  explicit Embedded(const engine::Options& options, Leniency leniency = Leniency::kNone, Identity identity = {});
  ~Embedded() override;
  Embedded(const Embedded&) = delete;
  Embedded& operator=(const Embedded&) = delete;

  using Endpoint::call;
  void call(const Request& request, std::string& reply) override;
  bool try_call(const Request& request, std::string& reply) override;
  /// PutItem, UpdateItem and DeleteItem with `sync`, unless throughput is enforced.
  [[nodiscard]] bool can_join_write_group(std::string_view operation) const override;
  [[nodiscard]] std::unique_ptr<WriteGroup> begin_write_group() override;
  /// kWaits for operations on tables and settings and, with `sync`, for all writes.
  [[nodiscard]] Effort effort(std::string_view operation) const override;
  /// The directory as given, or "memory".
  [[nodiscard]] std::string describe() const override;
  /// The engine, for everything that is not an operation (counts, the clock).
  [[nodiscard]] engine::Engine& engine();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stator::endpoint
