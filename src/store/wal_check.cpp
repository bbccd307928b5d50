#include "store/wal_check.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace stator::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockBytes = 32 * 1024;
constexpr std::size_t kHeaderBytes = 7;
constexpr unsigned kMaxRecordType = 4;  // full, first, middle, last
constexpr std::size_t kMaxLogBytes = std::size_t{1} << 30;

constexpr std::array<std::uint32_t, 256> crc32c_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82F63B78U : 0U);
    table[i] = value;
  }
  return table;
}

std::uint32_t crc32c(std::string_view bytes) {
  static constexpr auto kTable = crc32c_table();
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) crc = kTable[(crc ^ static_cast<unsigned char>(byte)) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

std::uint32_t byte_at(std::string_view bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }

/// RocksDB stores checksums masked, so that a checksum over bytes that hold checksums stays strong.
std::uint32_t stored_crc(std::string_view header) {
  const std::uint32_t masked =
      byte_at(header, 0) | byte_at(header, 1) << 8 | byte_at(header, 2) << 16 | byte_at(header, 3) << 24;
  const std::uint32_t rotated = masked - 0xa282ead8U;
  return rotated >> 17 | rotated << 15;
}

enum class Found : std::uint8_t { kSound, kPadding, kDamaged };

/// Looks at the record at the start of `rest` (of one block) and sets how far it reaches.
Found look_at_record(std::string_view rest, std::size_t& length) {
  if (rest.size() < kHeaderBytes) {
    length = rest.size();
    return Found::kPadding;
  }
  const std::size_t payload = byte_at(rest, 4) | byte_at(rest, 5) << 8;
  const std::uint32_t type = byte_at(rest, 6);
  length = kHeaderBytes + payload;
  if (type == 0 && payload == 0) {
    length = rest.size();
    return Found::kPadding;
  }
  if (type == 0 || type > kMaxRecordType || length > rest.size()) return Found::kDamaged;
  return crc32c(rest.substr(6, payload + 1)) == stored_crc(rest) ? Found::kSound : Found::kDamaged;
}

enum class LogState : std::uint8_t { kSound, kTornEnd, kDamagedWithin };

/// Whether a sound record begins anywhere in `rest` (of one block). Every offset is tried: the length of the record
/// before it may be what is damaged. Some other bytes pass for a record once in 2^32 tries.
bool holds_sound_record(std::string_view rest) {
  for (; rest.size() >= kHeaderBytes; rest.remove_prefix(1)) {
    std::size_t length = 0;
    if (look_at_record(rest, length) == Found::kSound) return true;
  }
  return false;
}

LogState check_log(std::string_view log) {
  bool damaged = false;
  for (std::size_t block = 0; block < log.size(); block += kBlockBytes) {
    std::string_view rest = log.substr(block, kBlockBytes);
    while (!rest.empty() && !damaged) {
      std::size_t length = 0;
      damaged = look_at_record(rest, length) == Found::kDamaged;
      rest.remove_prefix(damaged ? 1 : length);
    }
    if (damaged && holds_sound_record(rest)) return LogState::kDamagedWithin;
  }
  return damaged ? LogState::kTornEnd : LogState::kSound;
}

std::vector<fs::path> logs_in_order(const fs::path& store_path) {
  std::vector<fs::path> logs;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(store_path, error)) {
    if (entry.path().extension() == ".log") logs.push_back(entry.path());
  }
  // The names are numbers with leading zeros to six digits.
  std::sort(logs.begin(), logs.end(), [](const fs::path& a, const fs::path& b) {
    const std::string left = a.stem().string();
    const std::string right = b.stem().string();
    return left.size() != right.size() ? left.size() < right.size() : left < right;
  });
  return logs;
}

std::string read_from(const fs::path& path, std::uintmax_t offset) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (error || size > kMaxLogBytes || offset >= size) return {};
  std::string bytes(static_cast<std::size_t>(size - offset), '\0');
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(offset));
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return bytes;
}

}  // namespace

bool log_end_is_damaged(const fs::path& store_path) {
  for (const fs::path& path : logs_in_order(store_path)) {
    std::error_code error;
    const std::uintmax_t size = fs::file_size(path, error);
    if (error || size == 0) continue;
    const std::uintmax_t last_block = (size - 1) / kBlockBytes * kBlockBytes;
    if (check_log(read_from(path, last_block)) == LogState::kDamagedWithin) return true;
  }
  return false;
}

bool log_damage_is_at_the_end(const fs::path& store_path) {
  bool torn = false;
  for (const fs::path& path : logs_in_order(store_path)) {
    const std::string log = read_from(path, 0);
    // Records after a torn end, in a later log, are records after damage.
    if (torn && !log.empty()) return false;
    const LogState state = check_log(log);
    if (state == LogState::kDamagedWithin) return false;
    torn = torn || state == LogState::kTornEnd;
  }
  return torn;
}

}  // namespace stator::store
