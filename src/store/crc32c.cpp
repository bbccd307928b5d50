#include "store/crc32c.h"

#include <array>
#include <cstring>
#include <string>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace stator::store {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78U;  // without its highest term; the lowest bit is the highest power
constexpr std::size_t kWordBytes = 8;
/// The instruction takes three cycles, and one can start in each cycle, so long texts are processed in three lanes.
constexpr std::size_t kLaneBytes = 512;

using Table = std::array<std::uint32_t, 256>;

/// The remainder times x.
constexpr std::uint32_t times_x(std::uint32_t value) { return (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0U); }

/// The product of two remainders. x to the power of 0 is the highest bit.
constexpr std::uint32_t product(std::uint32_t a, std::uint32_t b) {
  std::uint32_t sum = 0;
  for (std::uint32_t bit = 1U << 31U; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) sum ^= b;
    b = times_x(b);
  }
  return sum;
}

/// x to the power of 8 · 2^i, for each bit i of a length: multiplying by it shifts a remainder by 2^i bytes.
constexpr std::array<std::uint32_t, 64> shifts_by_powers() {
  std::array<std::uint32_t, 64> shifts{};
  shifts[0] = 1U << (31U - 8U);
  for (std::size_t i = 1; i < shifts.size(); ++i) shifts[i] = product(shifts[i - 1], shifts[i - 1]);
  return shifts;
}
constexpr std::array<std::uint32_t, 64> kShifts = shifts_by_powers();

/// The remainder after `bytes` zero bytes more.
constexpr std::uint32_t shifted(std::uint32_t value, std::size_t bytes) {
  for (std::size_t i = 0; bytes != 0; ++i, bytes >>= 1) {
    if ((bytes & 1) != 0) value = product(kShifts[i], value);
  }
  return value;
}

/// For each byte of a remainder, its contribution after one step of eight bytes.
constexpr std::array<Table, kWordBytes> step_tables() {
  std::array<Table, kWordBytes> tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = times_x(value);
    tables[0][i] = value;
  }
  for (std::size_t t = 1; t < tables.size(); ++t) {
    for (std::size_t i = 0; i < 256; ++i) tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 0xFF];
  }
  return tables;
}

std::uint32_t byte_at(const char* bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }

std::uint32_t word_at(const char* bytes, std::size_t i) {
  return byte_at(bytes, i) | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2) << 16 | byte_at(bytes, i + 3) << 24;
}

/// The functions below extend a remainder, which is the checksum with all bits inverted.
std::uint32_t extend_by_tables(std::uint32_t crc, const char* bytes, std::size_t count) {
  static constexpr std::array<Table, kWordBytes> kTables = step_tables();
  for (; count >= kWordBytes; count -= kWordBytes, bytes += kWordBytes) {
    const std::uint32_t low = crc ^ word_at(bytes, 0);
    const std::uint32_t high = word_at(bytes, 4);
    crc = kTables[7][low & 0xFF] ^ kTables[6][low >> 8 & 0xFF] ^ kTables[5][low >> 16 & 0xFF] ^ kTables[4][low >> 24] ^
          kTables[3][high & 0xFF] ^ kTables[2][high >> 8 & 0xFF] ^ kTables[1][high >> 16 & 0xFF] ^
          kTables[0][high >> 24];
  }
  for (; count > 0; --count, ++bytes) crc = kTables[0][(crc ^ byte_at(bytes, 0)) & 0xFF] ^ (crc >> 8);
  return crc;
}

#if defined(__x86_64__)
#define STATOR_HAS_CRC32C_INSTRUCTION [[gnu::target("sse4.2")]]
bool has_instruction() { return __builtin_cpu_supports("sse4.2") != 0; }
STATOR_HAS_CRC32C_INSTRUCTION std::uint32_t step(std::uint32_t crc, std::uint64_t word) {
  return static_cast<std::uint32_t>(_mm_crc32_u64(crc, word));
}
STATOR_HAS_CRC32C_INSTRUCTION std::uint32_t step(std::uint32_t crc, unsigned char byte) {
  return _mm_crc32_u8(crc, byte);
}
#elif defined(__aarch64__)
#define STATOR_HAS_CRC32C_INSTRUCTION [[gnu::target("+crc")]]
bool has_instruction() {
  static const bool has = (::getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
  return has;
}
STATOR_HAS_CRC32C_INSTRUCTION std::uint32_t step(std::uint32_t crc, std::uint64_t word) { return __crc32cd(crc, word); }
STATOR_HAS_CRC32C_INSTRUCTION std::uint32_t step(std::uint32_t crc, unsigned char byte) { return __crc32cb(crc, byte); }
#endif

#ifdef STATOR_HAS_CRC32C_INSTRUCTION

STATOR_HAS_CRC32C_INSTRUCTION std::uint32_t step_at(std::uint32_t crc, const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return step(crc, word);
}

/// For each byte of a remainder, its contribution after a lane's length of zeros.
constexpr std::array<Table, 4> lane_tables() {
  std::array<Table, 4> tables{};
  for (std::uint32_t t = 0; t < tables.size(); ++t) {
    for (std::uint32_t i = 0; i < 256; ++i) tables[t][i] = shifted(i << (8 * t), kLaneBytes);
  }
  return tables;
}

std::uint32_t shifted_by_lane(std::uint32_t crc) {
  static constexpr std::array<Table, 4> kTables = lane_tables();
  return kTables[0][crc & 0xFF] ^ kTables[1][crc >> 8 & 0xFF] ^ kTables[2][crc >> 16 & 0xFF] ^ kTables[3][crc >> 24];
}

STATOR_HAS_CRC32C_INSTRUCTION std::uint32_t extend_by_instruction(std::uint32_t crc, const char* bytes,
                                                                  std::size_t count) {
  for (; count >= 3 * kLaneBytes; count -= 3 * kLaneBytes, bytes += 3 * kLaneBytes) {
    std::uint32_t second = 0;
    std::uint32_t third = 0;
    for (std::size_t i = 0; i < kLaneBytes; i += kWordBytes) {
      crc = step_at(crc, bytes + i);
      second = step_at(second, bytes + kLaneBytes + i);
      third = step_at(third, bytes + 2 * kLaneBytes + i);
    }
    crc = shifted_by_lane(shifted_by_lane(crc) ^ second) ^ third;
  }
  for (; count >= kWordBytes; count -= kWordBytes, bytes += kWordBytes) crc = step_at(crc, bytes);
  for (; count > 0; --count, ++bytes) crc = step(crc, static_cast<unsigned char>(*bytes));
  return crc;
}

#else

bool has_instruction() { return false; }
std::uint32_t extend_by_instruction(std::uint32_t crc, const char* bytes, std::size_t count) {
  return extend_by_tables(crc, bytes, count);
}

#endif

}  // namespace

std::uint32_t extend_crc32c(std::uint32_t crc, std::string_view bytes) {
  return ~(has_instruction() ? extend_by_instruction : extend_by_tables)(~crc, bytes.data(), bytes.size());
}

std::uint32_t combine_crc32c(std::uint32_t first, std::uint32_t second, std::size_t second_bytes) {
  return shifted(first, second_bytes) ^ second;
}

std::uint32_t crc32c(std::string_view bytes) { return extend_crc32c(0, bytes); }

std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xa282ead8U;
}

}  // namespace stator::store

// These replace RocksDB's functions of the same names (util/crc32c.h of RocksDB 7.8) in a program that is linked with
// RocksDB's archive: these come first, so the linker does not take the archive's member that defines those, and nothing
// else.
// They are weak for programs that link RocksDB's archive before libstator.a and so have both.
namespace rocksdb::crc32c {

[[gnu::weak]] std::uint32_t Extend(std::uint32_t crc, const char* bytes, std::size_t count);
[[gnu::weak]] std::uint32_t Crc32cCombine(std::uint32_t first, std::uint32_t second, std::size_t second_bytes);
[[gnu::weak]] std::string IsFastCrc32Supported();

std::uint32_t Extend(std::uint32_t crc, const char* bytes, std::size_t count) {
  return stator::store::extend_crc32c(crc, {bytes, count});
}

std::uint32_t Crc32cCombine(std::uint32_t first, std::uint32_t second, std::size_t second_bytes) {
  return stator::store::combine_crc32c(first, second, second_bytes);
}

std::string IsFastCrc32Supported() { return stator::store::has_instruction() ? "Supported" : "Not supported"; }

}  // namespace rocksdb::crc32c
