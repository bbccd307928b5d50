#include "api/bucket_input.h"

#include <algorithm>

#include "core/hexadecimal.h"

namespace stator::api {

engine::Compression read_compression(const Members& members) {
  const std::string_view name = members.text("InputCompressionType").value_or("NONE");
  if (name == "GZIP") return engine::Compression::kGzip;
  return name == "ZSTD" ? engine::Compression::kZstd : engine::Compression::kNone;
}

std::string read_bucket_key(const Members& members) {
  const std::string key(members.text("S3SseKmsKeyId").value_or(std::string_view{}));
  if (key.empty()) return key;
  if (members.text("S3SseAlgorithm") != "KMS") {
    core::throw_validation("Invalid Request: KMS Key Id is not supported for this encryption type");
  }
  constexpr std::string_view kOthers = ":/_.+=,@-";
  const auto allowed = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  };
  if (std::ranges::all_of(key, allowed)) return key;
  core::throw_validation("Invalid Request: 1 validation error detected: Value '" + key +
                         "' at 's3SseKmsKeyId' failed to satisfy constraint: Member must satisfy regular expression "
                         "pattern: [a-zA-Z0-9:/_.+=,@-]+");
}

std::string page_token(std::string_view id, std::size_t bytes) {
  std::string first(id.substr(0, bytes));
  first.resize(bytes, '\0');
  return core::hexadecimal(first);
}

}  // namespace stator::api
