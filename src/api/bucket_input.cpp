#include "api/bucket_input.h"

namespace stator::api {

engine::Compression read_compression(const Members& members) {
  const std::string_view name = members.text("InputCompressionType").value_or("NONE");
  if (name == "GZIP") return engine::Compression::kGzip;
  return name == "ZSTD" ? engine::Compression::kZstd : engine::Compression::kNone;
}

std::string page_token(std::string_view id, std::size_t bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string first(id.substr(0, bytes));
  first.resize(bytes, '\0');
  std::string token;
  for (const char byte : first) {
    token.push_back(kDigits[static_cast<unsigned char>(byte) >> 4U]);
    token.push_back(kDigits[static_cast<unsigned char>(byte) & 0xFU]);
  }
  return token;
}

}  // namespace stator::api
