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

/// A cache in front of another endpoint: read-through, write-through. docs/cache.md has what callers may rely on.
/// ReplyNotes::cache says how each request was answered.
class Caching : public endpoint::Endpoint {
 public:
  Caching(std::unique_ptr<endpoint::Endpoint> upstream, Options options);
  ~Caching() override;
  Caching(const Caching&) = delete;
  Caching& operator=(const Caching&) = delete;

  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override;
  bool answer_at_once(const endpoint::Request& request, std::string& reply) override;
  [[nodiscard]] endpoint::Effort effort(std::string_view operation) const override;
  [[nodiscard]] std::string describe() const override;

  /// Appends what was hit and missed, by table and operation, as JSON (docs/cache.md, "Statistics").
  void append_statistics(std::string& out) const;
  /// The same for Prometheus, without the tables' names: they may be thousands.
  void append_metrics(core::MetricsText& out) const;
  /// Waits until the shared level can be reached, where there is one; at most `patience`. Without it nothing is kept.
  void wait_for_shared_level(std::chrono::milliseconds patience);

  /// Removes all entries.
  void clear();

  // For the follower of the tables' streams:
  /// The tables that requests were made to.
  [[nodiscard]] std::vector<std::string> tables() const;
  /// Takes a record of the table's stream, as GetRecords has it, and drops the entries that it invalidates; not those
  /// of a write through this cache, which the record's new image identifies.
  void note_change(std::string_view table, const json::Object& record);
  /// Whether the table's changes are known here from now on; where that is new, drops what may have changed until now.
  void set_followed(std::string_view table, bool followed);

 private:
  std::unique_ptr<endpoint::Endpoint> upstream_;
  std::unique_ptr<State> state_;
};

}  // namespace stator::cache
