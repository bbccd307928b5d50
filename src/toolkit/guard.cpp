#include "toolkit/guard.h"

#include <ostream>
#include <stdexcept>

#include "endpoint/writes.h"
#include "json/writer.h"

namespace stator::toolkit {
namespace {

std::string words_of(std::string_view operation, const std::string& table) {
  return std::string(operation) + " on " + table;
}

}  // namespace

void ask_to_write(const GuardOptions& options, const std::string& what, const std::string& table) {
  if (options.read_only) throw std::runtime_error("--read-only: " + what + " was refused");
  if (options.show == nullptr && options.confirm) options.confirm(what, table);
}

void Guard::confirm(const std::string& what, const std::string& table) {
  const std::lock_guard lock(mutex_);
  if (confirmed_.contains(table)) return;
  ask_to_write(options_, what, table);
  confirmed_.insert(table);
}

void Guard::call(const endpoint::Request& request, std::string& reply) {
  const bool watches = options_.read_only || options_.show != nullptr || options_.confirm;
  if (!watches || !endpoint::writes(request.operation, request.body)) return endpoint_->call(request, reply);
  if (options_.show != nullptr && !options_.read_only) {
    {
      const std::lock_guard lock(mutex_);
      *options_.show << request.operation << " " << json::pretty(request.body, false) << "\n";
    }
    if (request.operation != "BatchWriteItem") throw DryRunEnd();
    reply += R"({"UnprocessedItems":{}})";
    return;
  }
  auto tables = endpoint::written_tables(request.operation, request.body);
  if (tables.empty()) tables.emplace_back(endpoint_->describe());
  for (const std::string& table : tables) confirm(words_of(request.operation, table), table);
  endpoint_->call(request, reply);
}

}  // namespace stator::toolkit
