#include "store/table_check.h"

#include <xxhash.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "store/crc32c.h"

namespace stator::store {
namespace {

// Format: RocksDB wiki, "Rocksdb BlockBasedTable Format". A footer consists of the kind of checksum (1 byte), two
// handles (of the metaindex and of the index), zeros, the version (4) and a magic number (8). A block is followed by
// its compression (1) and its checksum (4).
constexpr std::size_t kFooterBytes = 53;
constexpr std::size_t kFooterTailBytes = 12;
constexpr std::size_t kBlockTrailerBytes = 5;
constexpr std::size_t kMaxMetaBlockBytes = 1 << 20;
constexpr std::uint64_t kMagic = 0x88e241b785f4cff7U;
constexpr std::string_view kPropertiesName = "rocksdb.properties";

enum ChecksumKind : std::uint8_t { kCrc32c = 1, kXxh3 = 4 };

struct Handle {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

std::uint64_t fixed(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return value;
}

bool take_varint(std::string_view& in, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool take_handle(std::string_view& in, Handle& handle) {
  return take_varint(in, handle.offset) && take_varint(in, handle.size);
}

class Table {
 public:
  explicit Table(const std::filesystem::path& path) : in_(path, std::ios::binary | std::ios::ate) {
    const std::streamoff end = in_.tellg();
    if (end > 0) size_ = static_cast<std::uint64_t>(end);
  }

  bool read_footer(Handle& metaindex) {
    if (size_ < kFooterBytes) return false;
    const std::optional<std::string> footer = read({size_ - kFooterBytes, kFooterBytes}, 0);
    if (!footer) return false;
    const std::string_view bytes = *footer;
    checksum_kind_ = static_cast<unsigned char>(bytes.front());
    std::string_view handles = bytes.substr(1);
    return fixed(bytes.substr(bytes.size() - 8)) == kMagic && take_handle(handles, metaindex);
  }

  /// Returns the block without its trailer; nullopt if its checksum does not match.
  std::optional<std::string> read_block(const Handle& handle) {
    std::optional<std::string> block = read(handle, kBlockTrailerBytes);
    if (!block) return std::nullopt;
    const std::string_view bytes = *block;
    const std::string_view checked = bytes.substr(0, bytes.size() - 4);
    if (fixed(bytes.substr(checked.size())) != checksum(checked)) return std::nullopt;
    block->resize(static_cast<std::size_t>(handle.size));
    return block;
  }

 private:
  std::optional<std::string> read(const Handle& handle, std::size_t trailer_bytes) {
    if (handle.size > kMaxMetaBlockBytes || handle.offset > size_ ||
        handle.size + trailer_bytes > size_ - handle.offset) {
      return std::nullopt;
    }
    std::string bytes(static_cast<std::size_t>(handle.size) + trailer_bytes, '\0');
    in_.seekg(static_cast<std::streamoff>(handle.offset));
    if (!in_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return std::nullopt;
    return bytes;
  }

  /// The checksum of a block and its compression byte.
  [[nodiscard]] std::uint32_t checksum(std::string_view checked) const {
    if (checksum_kind_ == kCrc32c) return masked_crc32c(checked);
    const auto hash = static_cast<std::uint32_t>(XXH3_64bits(checked.data(), checked.size() - 1));
    return checksum_kind_ == kXxh3 ? hash ^ static_cast<unsigned char>(checked.back()) * 0x6b9083d9U : 0;
  }

  std::ifstream in_;
  std::uint64_t size_ = 0;
  std::uint8_t checksum_kind_ = 0;
};

}  // namespace

bool may_be_named(std::string_view manifest, const std::filesystem::path& table) {
  // Format: RocksDB's VersionEdit. An added table is recorded as the number 103, its level and its own number, as
  // varints.
  constexpr char kNewFile = 103;
  constexpr unsigned char kMaxLevel = 63;
  std::uint64_t number = std::strtoull(table.stem().c_str(), nullptr, 10);
  std::string wanted;
  for (; number >= 0x80; number >>= 7) wanted.push_back(static_cast<char>(number | 0x80));
  wanted.push_back(static_cast<char>(number));
  for (std::size_t at = manifest.find(wanted, 2); at != std::string_view::npos; at = manifest.find(wanted, at + 1)) {
    if (manifest[at - 2] == kNewFile && static_cast<unsigned char>(manifest[at - 1]) <= kMaxLevel) return true;
  }
  return false;
}

bool table_end_is_damaged(const std::filesystem::path& path) {
  Table table(path);
  Handle handle;
  if (!table.read_footer(handle)) return false;
  const std::optional<std::string> metaindex = table.read_block(handle);
  if (!metaindex) return true;
  // The block contains the names in full, each followed by its handle.
  const std::size_t name = metaindex->find(kPropertiesName);
  if (name == std::string::npos) return true;
  std::string_view rest = std::string_view(*metaindex).substr(name + kPropertiesName.size());
  return !take_handle(rest, handle) || !table.read_block(handle);
}

}  // namespace stator::store
