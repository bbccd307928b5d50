#include "endpoint/embedded.h"

#include "api/api.h"
#include "api/operations.h"
#include "core/api_error.h"

namespace stator::endpoint {

struct Embedded::Impl {
  explicit Impl(const engine::Options& options)
      : description(options.directory.empty() ? "memory" : options.directory.string()),
        sync(options.sync),
        engine(engine::Engine::open(options)),
        context{.engine = *engine} {}

  std::string description;
  bool sync;
  std::unique_ptr<engine::Engine> engine;
  api::Context context;
};

Embedded::Embedded(const engine::Options& options, Leniency leniency) : impl_(std::make_unique<Impl>(options)) {
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
  context.caller_region = request.region;
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
