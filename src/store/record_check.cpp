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
constexpr unsigned kFullRecord = 1;
constexpr unsigned kLastPart = 4;  // behind first (2) and middle (3)
/// What a disk writes at once. A sector of zeros was never written: nothing that is stored holds as many. So was what a
/// file has of its last sector, and what a record has of its first one, where that is zeros and reaches to the sector's
/// border.
constexpr std::size_t kSectorBytes = 512;
/// So many zeros at the end were never written either, wherever they begin.
constexpr std::size_t kUnwrittenBytes = 8;

std::uint32_t byte_at(std::string_view bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }

std::uint32_t stored_crc(std::string_view header) {
  return byte_at(header, 0) | byte_at(header, 1) << 8 | byte_at(header, 2) << 16 | byte_at(header, 3) << 24;
}

bool is_zero(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

std::size_t record_bytes(std::string_view header) {
  return kHeaderBytes + (byte_at(header, 4) | byte_at(header, 5) << 8);
}

/// Whether the checksum of the record at the start of `record` holds where its payload reaches to the end.
bool checksum_holds(std::string_view record) { return masked_crc32c(record.substr(6)) == stored_crc(record); }

bool is_sound_record(std::string_view rest) {
  if (rest.size() < kHeaderBytes) return false;
  const std::uint32_t type = byte_at(rest, 6);
  const std::size_t length = record_bytes(rest);
  return type != 0 && type <= kLastPart && length <= rest.size() && checksum_holds(rest.substr(0, length));
}

/// Whether a sound record begins anywhere in `rest` (of one block). Every offset is tried: the length of the record
/// before it may be what is damaged. Some other bytes pass for a record once in 2^32 tries.
bool holds_sound_record(std::string_view rest) {
  for (; rest.size() >= kHeaderBytes; rest.remove_prefix(1)) {
    if (is_sound_record(rest)) return true;
  }
  return false;
}

/// Whether some sector's share of `rest`, which begins at `offset_in_block`, is zeros.
bool has_unwritten_sector(std::string_view rest, std::size_t offset_in_block) {
  for (std::size_t at = 0; at < rest.size();) {
    const std::size_t border = at + kSectorBytes - (offset_in_block + at) % kSectorBytes;
    // All of a record within one sector is written at once.
    if (at == 0 && border > rest.size()) return false;
    if (is_zero(rest.substr(at, border - at))) return true;
    at = border;
  }
  return false;
}

/// Whether a record that is not sound, the last of the file, may be one that was being written when the machine or the
/// process died. `rest` reaches from its start to the end of the file and of its block, `offset` is where it starts.
bool looks_torn(std::string_view rest, std::size_t offset_in_block, bool more_blocks) {
  if (rest.size() < kHeaderBytes) return !more_blocks;
  // All there but for its length: that is what was damaged.
  if (checksum_holds(rest)) return false;
  const std::size_t length = record_bytes(rest);
  if (offset_in_block + length <= kBlockBytes && length > rest.size()) return true;
  if (is_zero(rest.substr(rest.size() - std::min(rest.size(), kUnwrittenBytes)))) return true;
  return has_unwritten_sector(rest, offset_in_block);
}

/// Goes through a file block by block.
class Checker {
 public:
  void take_block(std::string_view block, bool more_blocks) {
    if (found_.state == RecordsState::kDamaged) return;
    if (found_.state == RecordsState::kTornEnd) {
      if (holds_sound_record(block)) found_.state = RecordsState::kDamaged;
      return;
    }
    std::string_view rest = block;
    while (!rest.empty() && is_sound_record(rest)) {
      const std::uint32_t type = byte_at(rest, 6);
      rest.remove_prefix(record_bytes(rest));
      in_parts_ = type != kFullRecord && type != kLastPart;
      if (!in_parts_) found_.sound_bytes = begin_ + (block.size() - rest.size());
    }
    begin_ += block.size();
    // What is too short for a header at the end of a block is filled with zeros.
    if (rest.empty() || (rest.size() < kHeaderBytes && block.size() == kBlockBytes && is_zero(rest))) return;
    // Zeros where records could be were never written; nothing may follow.
    const bool torn = is_zero(rest) || (!holds_sound_record(rest.substr(1)) &&
                                        looks_torn(rest, block.size() - rest.size(), more_blocks));
    found_.state = torn ? RecordsState::kTornEnd : RecordsState::kDamaged;
  }
  [[nodiscard]] RecordsFound found() const {
    RecordsFound found = found_;
    if (found.state == RecordsState::kSound && in_parts_) found.state = RecordsState::kTornEnd;
    return found;
  }

 private:
  std::uint64_t begin_ = 0;
  /// The last part of the record that was read last is still to come.
  bool in_parts_ = false;
  RecordsFound found_;
};

}  // namespace

RecordsFound check_records(const std::filesystem::path& path) {
  std::uint64_t left = std::filesystem::file_size(path);
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::system_error(errno, std::generic_category());
  Checker checker;
  std::string block;
  while (left > 0) {
    block.resize(static_cast<std::size_t>(std::min<std::uint64_t>(left, kBlockBytes)));
    if (!in.read(block.data(), static_cast<std::streamsize>(block.size()))) {
      throw std::system_error(EIO, std::generic_category());
    }
    left -= block.size();
    checker.take_block(block, left > 0);
  }
  return checker.found();
}

}  // namespace stator::store
