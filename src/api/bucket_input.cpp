#include "api/bucket_input.h"

#include "core/hexadecimal.h"

namespace stator::api {

engine::Compression read_compression(const Members& members) {
  const std::string_view name = members.text("InputCompressionType").value_or("NONE");
  if (name == "GZIP") return engine::Compression::kGzip;
  return name == "ZSTD" ? engine::Compression::kZstd : engine::Compression::kNone;
}

std::string page_token(std::string_view id, std::size_t bytes) {
  std::string first(id.substr(0, bytes));
  first.resize(bytes, '\0');
  return core::hexadecimal(first);
}

}  // namespace stator::api
