#include "api/bucket_input.h"

#include <algorithm>

#include "core/hexadecimal.h"

namespace stator::api {

engine::Compression read_compression(const Members& members) {
  const std::string_view name = members.text("InputCompressionType").value_or("NONE");
  if (name == "GZIP") return engine::Compression::kGzip;
  return name == "ZSTD" ? engine::Compression::kZstd : engine::Compression::kNone;
}

engine::ObjectEncryption read_bucket_encryption(const Members& members) {
  engine::ObjectEncryption encryption;
  encryption.algorithm = members.text("S3SseAlgorithm").value_or(std::string_view{});
  encryption.kms_key = members.text("S3SseKmsKeyId").value_or(std::string_view{});
  const std::string& key = encryption.kms_key;
  if (key.empty()) return encryption;
  if (encryption.algorithm != "KMS") {
    core::throw_validation("Invalid Request: KMS Key Id is not supported for this encryption type");
  }
  constexpr std::string_view kOthers = ":/_.+=,@-";
  const auto allowed = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  };
  if (std::ranges::all_of(key, allowed)) return encryption;
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
