#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cache/options.h"
#include "core/metrics.h"
#include "endpoint/endpoint.h"
#include "json/reader.h"

namespace stator::cache {

struct State;

/// A cache in front of another endpoint: read-through and write-through. docs/cache.md says what callers may rely on.
/// ReplyNotes::cache says how each request was answered.
class Caching : public endpoint::Endpoint {
 public:
  Caching(std::unique_ptr<endpoint::Endpoint> upstream, Options options);
  ~Caching() override;
  Caching(const Caching&) = delete;
  Caching& operator=(const Caching&) = delete;

  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override;
  bool try_call(const endpoint::Request& request, std::string& reply) override;
  [[nodiscard]] endpoint::Effort effort(std::string_view operation) const override;
  [[nodiscard]] std::string describe() const override;

  /// Appends hits and misses by table and operation, as JSON (docs/cache.md, "Statistics").
  void append_statistics(std::string& out) const;
  /// The same for Prometheus, but without table names, as there may be thousands.
  void append_metrics(core::MetricsText& out) const;
  /// Waits for at most `patience` until the shared level, if there is one, can be reached; nothing is cached without
  /// it.
  void wait_for_shared_level(std::chrono::milliseconds patience);

  /// Removes all entries.
  void clear();

  // For the component that follows the tables' streams:
  /// The names of the tables that requests were made to.
  [[nodiscard]] std::vector<std::string> tables() const;
  /// Takes a record of the table's stream, as in GetRecords' reply, and drops the entries that it invalidates. The
  /// entries of a write through this cache, recognised by the record's new image, are kept.
  void note_change(std::string_view table, const json::Object& record);
  /// Sets whether the table's changes arrive here by `note_change`. If that is new, drops everything that may have
  /// changed before.
  void set_followed(std::string_view table, bool followed);

 private:
  std::unique_ptr<endpoint::Endpoint> upstream_;
  std::unique_ptr<State> state_;
};

}  // namespace stator::cache
