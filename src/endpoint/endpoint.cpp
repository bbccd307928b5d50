#include "endpoint/endpoint.h"

namespace stator::endpoint {

std::string Endpoint::call(std::string_view operation, std::string_view body) {
  std::string reply;
  call(Request{.operation = operation, .body = body}, reply);
  return reply;
}

bool Endpoint::try_call(const Request& /*request*/, std::string& /*reply*/) { return false; }

bool Endpoint::can_join_write_group(std::string_view /*operation*/) const { return false; }

std::unique_ptr<WriteGroup> Endpoint::begin_write_group() { return nullptr; }

Effort Endpoint::effort(std::string_view /*operation*/) const { return Effort::kWaits; }

}  // namespace stator::endpoint
