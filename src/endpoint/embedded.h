#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "api/account.h"
#include "endpoint/endpoint.h"
#include "engine/engine.h"

namespace stator::endpoint {

/// Faults of requests that are accepted, for clients that were only tested with DynamoDB Local.
enum class Leniency : std::uint8_t {
  kNone,           // as the service
  kNumbersAsText,  // whole numbers of the request itself (capacity units, limits) may be texts
};

/// What ARNs in replies are made of.
struct Identity {
  /// Of requests that are signed for none.
  std::string region = "us-east-1";
  std::string account_id = api::kDefaultAccountId;
};

/// The engine in this process: on a data directory, or in memory where `directory` is empty.
class Embedded : public Endpoint {
 public:
  /// Opens the engine. Throws store::OpenError with one line for the user.
  explicit Embedded(const engine::Options& options, Leniency leniency = Leniency::kNone, Identity identity = {});
  ~Embedded() override;
  Embedded(const Embedded&) = delete;
  Embedded& operator=(const Embedded&) = delete;

  using Endpoint::call;
  void call(const Request& request, std::string& reply) override;
  bool answer_at_once(const Request& request, std::string& reply) override;
  /// With `sync`: PutItem, UpdateItem, DeleteItem.
  [[nodiscard]] bool can_be_together(std::string_view operation) const override;
  [[nodiscard]] std::unique_ptr<Together> together() override;
  /// Operations on tables are kWaits; with `sync` all writes are.
  [[nodiscard]] Effort effort(std::string_view operation) const override;
  /// The directory as it was given, or "memory".
  [[nodiscard]] std::string describe() const override;
  /// Its engine, for what is not an operation (counts, the clock).
  [[nodiscard]] engine::Engine& engine();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stator::endpoint
