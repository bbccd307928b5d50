#include "engine/export/manifest.h"

#include <xxhash.h>

#include "engine/log/change_log.h"
#include "json/object_writer.h"

namespace stator::engine {
namespace {

/// "2020-11-04T07:28:34.028Z".
std::string time_text(std::int64_t time_ms) { return stream_label(time_ms) + "Z"; }

void text_or_null(json::ObjectWriter& writer, std::string_view name, const std::string& text) {
  if (text.empty()) {
    writer.key(name) += "null";
  } else {
    writer.text(name, text);
  }
}

/// "" or "PREFIX/".
std::string folder_of(const ExportInfo& info) {
  if (info.prefix.empty()) return {};
  return info.prefix.ends_with('/') ? info.prefix : info.prefix + "/";
}

/// A unique file name: 26 letters and digits.
std::string file_name(const ExportInfo& info, std::uint64_t number) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
  constexpr std::size_t kLength = 26;
  constexpr unsigned kBits = 5;
  const XXH128_hash_t hash = XXH3_128bits_withSeed(info.arn.data(), info.arn.size(), number);
  __extension__ using Wide = unsigned __int128;
  Wide bits = static_cast<Wide>(hash.high64) << 64U | hash.low64;
  std::string name;
  for (std::size_t i = 0; i < kLength; ++i) {
    name.push_back(kLetters[static_cast<std::size_t>(bits & 0x1FU)]);
    bits >>= kBits;
  }
  return name;
}

}  // namespace

std::string_view export_format_name(ExportFormat format) {
  return format == ExportFormat::kIon ? "ION" : "DYNAMODB_JSON";
}

std::string export_key(const ExportInfo& info, const std::string& name) {
  return folder_of(info) + "AWSDynamoDB/" + info.id + "/" + name;
}

std::string data_key(const ExportInfo& info, std::uint64_t number) {
  const std::string file =
      "data/" + file_name(info, number) + (info.format == ExportFormat::kIon ? ".ion.gz" : ".json.gz");
  return info.incremental ? folder_of(info) + "AWSDynamoDB/" + file : export_key(info, file);
}

std::string manifest_line(const ManifestLine& line) {
  std::string text;
  json::ObjectWriter writer(text);
  writer.integer("itemCount", static_cast<std::int64_t>(line.items));
  writer.text("md5Checksum", line.md5_base64);
  writer.text("etag", line.etag);
  writer.text("dataFileS3Key", line.key);
  writer.end();
  return text + "\n";
}

std::string manifest_summary(const ExportInfo& info) {
  std::string text;
  json::ObjectWriter writer(text);
  writer.text("version", info.incremental ? "2023-08-01" : "2020-06-30");
  writer.text("exportArn", info.arn);
  writer.text("startTime", time_text(info.started_ms));
  writer.text("endTime", time_text(info.ended_ms));
  writer.text("tableArn", info.table_arn);
  writer.text("tableId", info.table_id);
  if (info.incremental) {
    writer.text("exportFromTime", time_text(info.from_ms));
    writer.text("exportToTime", time_text(info.to_ms));
  } else {
    writer.text("exportTime", time_text(info.time_ms));
  }
  writer.text("s3Bucket", info.bucket);
  text_or_null(writer, "s3Prefix", info.prefix);
  writer.text("s3SseAlgorithm", info.shown_algorithm());
  text_or_null(writer, "s3SseKmsKeyId", info.encryption.kms_key);
  writer.text("manifestFilesS3Key", export_key(info, "manifest-files.json"));
  writer.integer("billedSizeBytes", static_cast<std::int64_t>(info.billed_bytes));
  writer.integer("itemCount", static_cast<std::int64_t>(info.items));
  writer.text("outputFormat", export_format_name(info.format));
  if (info.incremental) writer.text("outputView", info.old_images ? "NEW_AND_OLD_IMAGES" : "NEW_IMAGE");
  writer.text("exportType", info.incremental ? "INCREMENTAL_EXPORT" : "FULL_EXPORT");
  writer.end();
  return text;
}

}  // namespace stator::engine
