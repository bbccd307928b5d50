#include "postgres/libpq.h"

#include <dlfcn.h>

#include "postgres/error.h"

namespace stator::postgres {
namespace {

Libpq load() {
  void* library = ::dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw Error(ErrorKind::kMissing, "PostgreSQL's client library is not installed: apt-get install libpq5");
  }
  Libpq functions;
#define STATOR_LIBPQ_LOAD(name)                                                                         \
  functions.name = reinterpret_cast<decltype(functions.name)>(::dlsym(library, #name));                 \
  if (functions.name == nullptr) {                                                                      \
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
