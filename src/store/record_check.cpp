#include "store/record_check.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include "store/crc32c.h"

namespace stator::store {
namespace {

constexpr std::size_t kBlockBytes = 32 * 1024;
constexpr std::size_t kHeaderBytes = 7;
constexpr unsigned kUnwritten = 0;
constexpr unsigned kFullRecord = 1;
constexpr unsigned kMiddlePart = 3;  // after first (2)
constexpr unsigned kLastPart = 4;
/// The unit that a disk writes atomically. A sector of zeros was never written: no stored data has as many zeros. The
/// same holds for the part of a sector at the end of the file, and for the part of a record's first sector from the
/// record's start to the sector's end.
constexpr std::size_t kSectorBytes = 512;
/// At least this many zeros at the end of a file were never written either, wherever they begin.
constexpr std::size_t kUnwrittenBytes = 8;

std::uint32_t byte_at(std::string_view bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }

std::uint32_t stored_crc(std::string_view header) {
  return byte_at(header, 0) | byte_at(header, 1) << 8 | byte_at(header, 2) << 16 | byte_at(header, 3) << 24;
}

bool is_zero(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

std::size_t record_bytes(std::string_view header) {
  return kHeaderBytes + (byte_at(header, 4) | byte_at(header, 5) << 8);
}

/// Whether the record's checksum matches, with all of `record` after the header as its payload.
bool checksum_holds(std::string_view record) { return masked_crc32c(record.substr(6)) == stored_crc(record); }

bool is_sound_record(std::string_view rest) {
  if (rest.size() < kHeaderBytes) return false;
  const std::uint32_t type = byte_at(rest, 6);
  const std::size_t length = record_bytes(rest);
  return type != 0 && type <= kLastPart && length <= rest.size() && checksum_holds(rest.substr(0, length));
}

/// Whether a sound record begins anywhere in `rest` (of one block). Tries every offset, since the length of the
/// preceding record may be damaged. Other bytes match a checksum once in 2^32 tries.
bool holds_sound_record(std::string_view rest) {
  for (; rest.size() >= kHeaderBytes; rest.remove_prefix(1)) {
    if (is_sound_record(rest)) return true;
  }
  return false;
}

/// Whether the part of `rest` (which begins at `offset_in_block`) in any sector is all zeros.
bool has_unwritten_sector(std::string_view rest, std::size_t offset_in_block) {
  for (std::size_t at = 0; at < rest.size();) {
    const std::size_t border = at + kSectorBytes - (offset_in_block + at) % kSectorBytes;
    // A record within one sector is written as a whole.
    if (at == 0 && border > rest.size()) return false;
    if (is_zero(rest.substr(at, border - at))) return true;
    at = border;
  }
  return false;
}

/// Whether an unsound record, the last of the file, may have been half-written when the machine or the process died.
/// `rest`: from the record's start to the end of its block or of the file.
bool looks_torn(std::string_view rest, std::size_t offset_in_block, bool more_blocks) {
  if (rest.size() < kHeaderBytes) return !more_blocks;
  // The whole record is there, so its length is what was damaged.
  if (checksum_holds(rest)) return false;
  const std::size_t length = record_bytes(rest);
  if (offset_in_block + length <= kBlockBytes && length > rest.size()) return true;
  if (!more_blocks && is_zero(rest.substr(rest.size() - std::min(rest.size(), kUnwrittenBytes)))) return true;
  return has_unwritten_sector(rest, offset_in_block);
}

/// Whether a later block may hold another part of the record that is torn here, judging by what is left of its type.
bool may_go_on(std::string_view rest) {
  if (rest.size() < kHeaderBytes) return true;
  const std::uint32_t type = byte_at(rest, 6);
  return type == kUnwritten || (type != kFullRecord && type < kLastPart);
}

/// Checks a file block by block.
class Checker {
 public:
  void take_block(std::string_view block, bool more_blocks) {
    if (found_.state == RecordsState::kDamaged) return;
    if (found_.state == RecordsState::kTornEnd) return take_after_torn(block);
    std::string_view rest = block;
    while (!rest.empty() && is_sound_record(rest)) {
      const std::uint32_t type = byte_at(rest, 6);
      rest.remove_prefix(record_bytes(rest));
      in_parts_ = type != kFullRecord && type != kLastPart;
      if (!in_parts_) found_.sound_bytes = begin_ + (block.size() - rest.size());
    }
    begin_ += block.size();
    // A block's end that is too short for a header is filled with zeros.
    if (rest.empty() || (rest.size() < kHeaderBytes && block.size() == kBlockBytes && is_zero(rest))) return;
    // Zeros in place of a record were never written; no record may follow them.
    const bool torn = is_zero(rest) || (!holds_sound_record(rest.substr(1)) &&
                                        looks_torn(rest, block.size() - rest.size(), more_blocks));
    found_.state = torn ? RecordsState::kTornEnd : RecordsState::kDamaged;
    torn_may_go_on_ = may_go_on(rest);
  }
  [[nodiscard]] RecordsFound found() const {
    RecordsFound found = found_;
    if (found.state == RecordsState::kSound && in_parts_) found.state = RecordsState::kTornEnd;
    return found;
  }

 private:
  /// Later parts of the torn record may be whole, as sectors are written in any order; no other record may follow.
  void take_after_torn(std::string_view block) {
    if (torn_may_go_on_) {
      const std::uint32_t type = block.size() < kHeaderBytes ? kUnwritten : byte_at(block, 6);
      torn_may_go_on_ = may_go_on(block);
      if ((type == kMiddlePart || type == kLastPart) && is_sound_record(block)) {
        block.remove_prefix(record_bytes(block));
      }
    }
    if (holds_sound_record(block)) found_.state = RecordsState::kDamaged;
  }

  std::uint64_t begin_ = 0;
  /// The last record read was a first or middle part, so its last part must follow.
  bool in_parts_ = false;
  /// The last part of the torn record has not been seen.
  bool torn_may_go_on_ = false;
  RecordsFound found_;
};

}  // namespace

RecordsFound check_records(const std::filesystem::path& path) {
  std::uint64_t left = std::filesystem::file_size(path);
  std::ifstream in(path, std::ios::binary);
  const auto fail = [&](int error) {
    throw std::filesystem::filesystem_error("cannot read", path, {error, std::generic_category()});
  };
  if (!in) fail(errno);
  Checker checker;
  std::string block;
  while (left > 0) {
    block.resize(static_cast<std::size_t>(std::min<std::uint64_t>(left, kBlockBytes)));
    if (!in.read(block.data(), static_cast<std::streamsize>(block.size()))) fail(EIO);
    left -= block.size();
    checker.take_block(block, left > 0);
  }
  return checker.found();
}

}  // namespace stator::store
