#include "endpoint/endpoint.h"

namespace stator::endpoint {

std::string Endpoint::call(std::string_view operation, std::string_view body) {
  std::string reply;
  call(Request{operation, body, 0}, reply);
  return reply;
}

}  // namespace stator::endpoint
