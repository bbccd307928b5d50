// call_prod OPERATION BODY: calls one operation on production, as the toolkit does; AWS_ENDPOINT_URL redirects it.
#include <cstdlib>
#include <exception>
#include <iostream>

#include "remote/target.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const char* const url = std::getenv("AWS_ENDPOINT_URL");
  try {
    const auto endpoint =
        stator::remote::open_target({.prod = true, .endpoint_url = url == nullptr ? "" : url, .data_directory = ""});
    std::cout << endpoint->call(argv[1], argv[2]) << "\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
