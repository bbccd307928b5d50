#include "postgres/libpq.h"

#include <optional>

#include "http/shared_library.h"
#include "postgres/error.h"

namespace stator::postgres {
namespace {

Libpq load() {
  std::optional<http::SharedLibrary> library;
  try {
    library.emplace("libpq.so.5", "libpq5");
  } catch (const std::runtime_error&) {
    throw Error(ErrorKind::kMissing, "PostgreSQL's client library is not installed: apt-get install libpq5");
  }
  Libpq functions;
#define STATOR_LIBPQ_LOAD(name)                                                                         \
  try {                                                                                                 \
    functions.name = library->function<decltype(functions.name)>(#name);                                \
  } catch (const std::runtime_error&) {                                                                 \
    throw Error(ErrorKind::kMissing,                                                                    \
                "PostgreSQL's client library is too old: it has no " #name "; apt-get install libpq5"); \
  }
  STATOR_LIBPQ_FUNCTIONS(STATOR_LIBPQ_LOAD)
#undef STATOR_LIBPQ_LOAD
  return functions;
}

}  // namespace

const Libpq& libpq() {
  static const Libpq functions = load();
  return functions;
}

}  // namespace stator::postgres
