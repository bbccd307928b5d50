#include "endpoint/embedded.h"

#include <utility>

#include "api/api.h"
#include "api/operations.h"
#include "core/api_error.h"

namespace stator::endpoint {

struct Embedded::Impl {
  Impl(const engine::Options& options, Identity given)
      : description(options.directory.empty() ? "memory" : options.directory.string()),
        sync(options.sync),
        identity(std::move(given)),
        engine(engine::Engine::open(options)),
        context{.engine = *engine,
                .region = identity.region,
                .account_id = identity.account_id,
                .server_region = identity.region} {}

  std::string description;
  bool sync;
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
  if (known != nullptr && known->peculiarities.of_streams != (request.service == Service::kDynamoDbStreams)) {
    throw core::ApiError(core::ErrorCode::kUnknownOperation, "");
  }
  const engine::GatePass pass(impl_->engine->gate());
  api::Context context = impl_->context;
  if (!request.region.empty()) context.region = request.region;
  api::call(context, request.operation, request.body, request.padding_bytes, reply);
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
