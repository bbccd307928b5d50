#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "endpoint/endpoint.h"

/// Guards the database that a command works on, so that no command can forget to ask before it writes.
namespace stator::toolkit {

/// Thrown after a dry run has shown a request instead of sending it, if the command cannot go on without the reply.
struct DryRunEnd {};

struct GuardOptions {
  /// Asks before a table is written to; throws if the answer is no, or if there is no terminal to ask on. `what`: the
  /// request in words. Empty: nothing is asked.
  std::function<void(const std::string& what, const std::string& table)> confirm;
  /// Refuse all writes.
  bool read_only = false;
  /// Dry run: requests that write are printed here instead of sent; null: they are sent.
  std::ostream* show = nullptr;
};

/// Asks before a write to a table. `what` is the command's description of the write ("deleting table shop"). Throws
/// std::runtime_error if writes are refused, and what `confirm` throws. Does nothing in a dry run.
void ask_to_write(const GuardOptions& options, const std::string& what, const std::string& table);

/// Wraps an endpoint and checks every request (endpoint/writes.h). Reads pass. A write is refused, shown, or confirmed
/// first, once for each table.
class Guard : public endpoint::Endpoint {
 public:
  /// `confirmed`: tables that the user has already confirmed.
  Guard(std::unique_ptr<endpoint::Endpoint> endpoint, GuardOptions options, std::set<std::string> confirmed = {})
      : endpoint_(std::move(endpoint)), options_(std::move(options)), confirmed_(std::move(confirmed)) {}

  using Endpoint::call;
  /// Throws std::runtime_error for a write that is refused, and what `confirm` throws. In a dry run BatchWriteItem
  /// replies that everything was written, so that the command shows its further batches; other writes throw DryRunEnd.
  void call(const endpoint::Request& request, std::string& reply) override;
  [[nodiscard]] endpoint::Effort effort(std::string_view operation) const override {
    return endpoint_->effort(operation);
  }
  [[nodiscard]] std::string describe() const override { return endpoint_->describe(); }

 private:
  void confirm(const std::string& what, const std::string& table);

  std::unique_ptr<endpoint::Endpoint> endpoint_;
  GuardOptions options_;
  std::mutex mutex_;
  std::set<std::string> confirmed_;
};

}  // namespace stator::toolkit
