#pragma once

#include <string>

namespace stator::http {

/// A shared library that is loaded when it is first needed. libcurl pulls in some thirty libraries, which costs
/// every start of the program about 4.5 ms; commands on the embedded engine never need it. The program that is one file
/// (cmake/single.cmake) has the libraries linked in and finds their functions in a table (linked_library.cpp).
class SharedLibrary {
 public:
  /// Throws std::runtime_error naming the file and the Debian package that holds it. Never unloaded.
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
