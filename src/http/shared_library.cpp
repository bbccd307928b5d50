#include "http/shared_library.h"

#include <dlfcn.h>

#include <stdexcept>

namespace stator::http {

SharedLibrary::SharedLibrary(const char* file, const char* package) : file_(file) {
  handle_ = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (handle_ == nullptr) {
    throw std::runtime_error("cannot load " + file_ + " (Debian package " + package + "): " + ::dlerror());
  }
}

void* SharedLibrary::address(const char* name) const {
  void* const found = ::dlsym(const_cast<void*>(handle_), name);
  if (found == nullptr) throw std::runtime_error(file_ + " has no function " + name);
  return found;
}

}  // namespace stator::http
