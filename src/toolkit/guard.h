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

/// Thrown at a request that a dry run showed instead of sending, where the command cannot go on without the reply.
struct DryRunEnd {};

struct GuardOptions {
  /// Asks before a table is written to; throws where the answer is no, or there is no terminal to ask on. `what`: the
  /// request in words. Empty: no question.
  std::function<void(const std::string& what, const std::string& table)> confirm;
  /// Refuse all writes.
  bool read_only = false;
  /// Dry run: requests that write are printed here instead of sent; null: they are sent.
  std::ostream* show = nullptr;
};

/// Asks before a write to a table, with the command's description of it ("deleting table shop"). Throws
/// std::runtime_error where nothing may be written, and what `confirm` throws. In a dry run it does nothing.
void ask_to_write(const GuardOptions& options, const std::string& what, const std::string& table);

/// Wraps an endpoint and looks at every request (endpoint/writes.h). Reads pass. A write is refused, shown, or
/// confirmed first, once for each table.
class Guard : public endpoint::Endpoint {
 public:
  /// `confirmed`: tables that were asked about before.
  Guard(std::unique_ptr<endpoint::Endpoint> endpoint, GuardOptions options, std::set<std::string> confirmed = {})
      : endpoint_(std::move(endpoint)), options_(std::move(options)), confirmed_(std::move(confirmed)) {}

  using Endpoint::call;
  /// Throws std::runtime_error for a write that is refused, and what `confirm` throws. In a dry run BatchWriteItem
  /// answers that all was written, so that the command shows its further batches; other writes throw DryRunEnd.
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
