#include "endpoint/embedded.h"

#include <optional>
#include <utility>

#include "api/api.h"
#include "api/operations.h"
#include "core/api_error.h"
#include "engine/gate.h"
#include "engine/write_group.h"

namespace stator::endpoint {
namespace {

class EmbeddedWriteGroup final : public WriteGroup {
 public:
  explicit EmbeddedWriteGroup(std::unique_ptr<engine::WriteGroup> writes) : writes_(std::move(writes)) {}
  [[nodiscard]] std::size_t count() const override { return writes_->count(); }
  [[nodiscard]] bool is_full() const override { return writes_->is_full(); }
  void commit() override { writes_->commit(); }

 private:
  const std::unique_ptr<engine::WriteGroup> writes_;
};

}  // namespace

struct Embedded::Impl {
  Impl(const engine::Options& options, Identity given)
      : description(options.directory.empty() ? "memory" : options.directory.string()),
        sync(options.sync),
        groups_writes(options.sync && !options.enforce_throughput),
        identity(std::move(given)),
        engine(engine::Engine::open(options)),
        context{.engine = *engine,
                .region = identity.region,
                .account_id = identity.account_id,
                .server_region = identity.region} {}

  std::string description;
  bool sync;
  bool groups_writes;
  const Identity identity;
  std::unique_ptr<engine::Engine> engine;
  api::Context context;
};

Embedded::Embedded(const engine::Options& options, Leniency leniency, Identity identity)
    : impl_(std::make_unique<Impl>(options, std::move(identity))) {
  impl_->context.lenient = leniency == Leniency::kNumbersAsText;
}
Embedded::~Embedded() = default;

void Embedded::call(const Request& request, std::string& reply) {
  const api::Operation* const known = api::find_operation(request.operation);
  if (known != nullptr && known->special_rules.of_streams != (request.service == Service::kDynamoDbStreams)) {
    throw core::ApiError(core::ErrorCode::kUnknownOperation, "");
  }
  std::optional<engine::GatePass> pass;
  if (!impl_->engine->is_in_write_group()) pass.emplace(impl_->engine->gate());
  api::Context context = impl_->context;
  if (!request.region.empty()) context.region = request.region;
  api::call(context, request.operation, request.body, request.padding_bytes, reply);
}

bool Embedded::try_call(const Request& request, std::string& reply) {
  try {
    call(request, reply);
    return true;
  } catch (const engine::WouldWait& why) {
    if (request.notes != nullptr) request.notes->alone = why.alone;
    return false;
  }
}

bool Embedded::can_join_write_group(std::string_view operation) const {
  if (!impl_->groups_writes) return false;
  const api::Operation* const known = api::find_operation(operation);
  return known != nullptr &&
         (known->answer == api::put_item || known->answer == api::update_item || known->answer == api::delete_item);
}

std::unique_ptr<WriteGroup> Embedded::begin_write_group() {
  std::unique_ptr<engine::WriteGroup> writes = impl_->engine->begin_write_group();
  return writes == nullptr ? nullptr : std::make_unique<EmbeddedWriteGroup>(std::move(writes));
}

Effort Embedded::effort(std::string_view operation) const {
  const api::Operation* const known = api::find_operation(operation);
  if (known == nullptr) return Effort::kItem;
  if (known->load == api::Load::kSettings) return Effort::kWaits;
  if (impl_->sync && known->effect == api::Effect::kWrite) return Effort::kWaits;
  return known->load == api::Load::kPage ? Effort::kPage : Effort::kItem;
}

std::string Embedded::describe() const { return impl_->description; }

engine::Engine& Embedded::engine() { return *impl_->engine; }

}  // namespace stator::endpoint
