#pragma once

#include <string>

namespace stator::http {

/// A shared library, loaded when it is first needed. libcurl loads some thirty libraries, which would cost each start
/// of the program about 4.5 ms; commands on the embedded engine never need it. The program that is one file
/// (cmake/single.cmake) has the libraries linked in and finds their functions in a table (linked_library.cpp).
class SharedLibrary {
 public:
  /// Loads the library, which is never unloaded. Throws a std::runtime_error that names the file and its Debian
  /// package.
  SharedLibrary(const char* file, const char* package);

  /// The function of that name as a pointer of type `Function`. Throws std::runtime_error.
  template <typename Function>
  [[nodiscard]] Function function(const char* name) const {
    return reinterpret_cast<Function>(address(name));
  }

 private:
  [[nodiscard]] void* address(const char* name) const;
  std::string file_;
  const void* handle_ = nullptr;
};

}  // namespace stator::http
