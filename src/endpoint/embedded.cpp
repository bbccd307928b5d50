#include "endpoint/embedded.h"

#include "api/api.h"

namespace stator::endpoint {

struct Embedded::Impl {
  explicit Impl(const engine::Options& options)
      : description(options.directory.empty() ? "memory" : options.directory.string()),
        engine(engine::Engine::open(options)),
        context{*engine} {}

  std::string description;
  std::unique_ptr<engine::Engine> engine;
  api::Context context;
};

Embedded::Embedded(const engine::Options& options) : impl_(std::make_unique<Impl>(options)) {}
Embedded::~Embedded() = default;

void Embedded::call(const Request& request, std::string& reply) {
  api::call(impl_->context, request.operation, request.body, request.padding_bytes, reply);
}

std::string Embedded::describe() const { return impl_->description; }

engine::Engine& Embedded::engine() { return *impl_->engine; }

}  // namespace stator::endpoint
