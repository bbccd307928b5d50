#include "endpoint/embedded.h"

#include <algorithm>
#include <array>

#include "api/api.h"

namespace stator::endpoint {
namespace {

struct OperationEffort {
  std::string_view operation;
  Effort effort;
  bool writes_items = false;
};

/// In order. Operations that are not here do little: they describe something, or do not exist.
constexpr std::array kEfforts = {
    OperationEffort{"BatchExecuteStatement", Effort::kPage, true},
    OperationEffort{"BatchGetItem", Effort::kPage},
    OperationEffort{"BatchWriteItem", Effort::kPage, true},
    OperationEffort{"CreateBackup", Effort::kWaits},
    OperationEffort{"CreateTable", Effort::kWaits},
    OperationEffort{"DeleteBackup", Effort::kWaits},
    OperationEffort{"DeleteItem", Effort::kItem, true},
    OperationEffort{"DeleteTable", Effort::kWaits},
    OperationEffort{"ExecuteStatement", Effort::kPage, true},
    OperationEffort{"ExecuteTransaction", Effort::kPage, true},
    OperationEffort{"ExportTableToPointInTime", Effort::kWaits},
    OperationEffort{"GetRecords", Effort::kPage},
    OperationEffort{"ImportTable", Effort::kWaits},
    OperationEffort{"PutItem", Effort::kItem, true},
    OperationEffort{"Query", Effort::kPage},
    OperationEffort{"RestoreTableFromBackup", Effort::kWaits},
    OperationEffort{"RestoreTableToPointInTime", Effort::kWaits},
    OperationEffort{"Scan", Effort::kPage},
    OperationEffort{"TagResource", Effort::kWaits},
    OperationEffort{"TransactGetItems", Effort::kPage},
    OperationEffort{"TransactWriteItems", Effort::kPage, true},
    OperationEffort{"UntagResource", Effort::kWaits},
    OperationEffort{"UpdateContinuousBackups", Effort::kWaits},
    OperationEffort{"UpdateItem", Effort::kItem, true},
    OperationEffort{"UpdateTable", Effort::kWaits},
    OperationEffort{"UpdateTimeToLive", Effort::kWaits},
};
static_assert(std::ranges::is_sorted(kEfforts, {}, &OperationEffort::operation));

}  // namespace

struct Embedded::Impl {
  explicit Impl(const engine::Options& options)
      : description(options.directory.empty() ? "memory" : options.directory.string()),
        sync(options.sync),
        engine(engine::Engine::open(options)),
        context{*engine} {}

  std::string description;
  bool sync;
  std::unique_ptr<engine::Engine> engine;
  api::Context context;
};

Embedded::Embedded(const engine::Options& options) : impl_(std::make_unique<Impl>(options)) {}
Embedded::~Embedded() = default;

void Embedded::call(const Request& request, std::string& reply) {
  api::call(impl_->context, request.operation, request.body, request.padding_bytes, reply);
}

Effort Embedded::effort(std::string_view operation) const {
  const auto* const found = std::ranges::lower_bound(kEfforts, operation, {}, &OperationEffort::operation);
  if (found == kEfforts.end() || found->operation != operation) return Effort::kItem;
  return impl_->sync && found->writes_items ? Effort::kWaits : found->effort;
}

std::string Embedded::describe() const { return impl_->description; }

engine::Engine& Embedded::engine() { return *impl_->engine; }

}  // namespace stator::endpoint
