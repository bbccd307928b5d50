#include "store/record_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <string>

#include "store/crc32c.h"
#include "support/temporary_directory.h"

namespace stator::store {
namespace {

constexpr std::size_t kBlockBytes = 32 * 1024;
constexpr std::size_t kHeaderBytes = 7;
constexpr std::size_t kSectorBytes = 512;

std::string letters(std::mt19937& random, std::size_t count) {
  std::string text(count, '\0');
  for (char& letter : text) letter = static_cast<char>('a' + std::uniform_int_distribution<int>(0, 25)(random));
  return text;
}

/// Appends a record, split into parts at block boundaries.
void append_record(std::string& file, std::string_view payload) {
  bool first = true;
  do {
    std::size_t room = kBlockBytes - file.size() % kBlockBytes;
    if (room < kHeaderBytes) {
      file.append(room, '\0');
      room = kBlockBytes;
    }
    const std::string_view part = payload.substr(0, room - kHeaderBytes);
    payload.remove_prefix(part.size());
    const int type = first ? (payload.empty() ? 1 : 2) : (payload.empty() ? 4 : 3);
    std::string checked(1, static_cast<char>(type));
    checked += part;
    const std::uint32_t crc = masked_crc32c(checked);
    for (unsigned shift = 0; shift < 32; shift += 8) file.push_back(static_cast<char>(crc >> shift));
    file.push_back(static_cast<char>(part.size()));
    file.push_back(static_cast<char>(part.size() >> 8U));
    file += checked;
    first = false;
  } while (!payload.empty());
}

RecordsFound check(const TemporaryDirectory& directory, const std::string& bytes) {
  const std::filesystem::path path = directory.path() / "log";
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  return check_records(path);
}

/// What a power loss may leave of a file whose first `synced` bytes are on the disk: it ends anywhere after them, or
/// any later sectors are zeros.
std::string after_power_loss(std::string bytes, std::size_t synced, std::mt19937& random) {
  const auto below = [&random](std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
  };
  if (below(4) == 0) return bytes.substr(0, synced + below(bytes.size() - synced + 1));
  const std::size_t one_in = 1 + below(20);
  for (std::size_t at = synced; at < bytes.size();) {
    const std::size_t end = std::min(bytes.size(), (at / kSectorBytes + 1) * kSectorBytes);
    if (below(one_in) == 0)
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.begin() + static_cast<std::ptrdiff_t>(end),
                '\0');
    at = end;
  }
  return bytes;
}

TEST(RecordCheck, WhateverAPowerLossLeavesOfTheLastRecordIsATornEnd) {
  const TemporaryDirectory directory(TemporaryDirectory::fast_parent());
  for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
    std::mt19937 random(seed);
    const auto up_to = [&random](std::size_t last) {
      return std::uniform_int_distribution<std::size_t>(0, last)(random);
    };
    std::string file;
    // The last record starts anywhere in its block, often near the end, and has up to four parts.
    const std::size_t before = up_to(1) == 0 ? up_to(kBlockBytes) : kBlockBytes - kHeaderBytes - up_to(2000);
    for (std::size_t left = before; left > 0;) {
      const std::size_t size = std::min(left, 1 + up_to(5000));
      append_record(file, letters(random, size));
      left -= size;
    }
    const std::size_t synced = file.size();
    append_record(file, letters(random, up_to(2) == 0 ? 1 + up_to(3 * kBlockBytes) : 1 + up_to(3000)));
    const std::string left = after_power_loss(file, synced, random);
    const RecordsFound found = check(directory, left);
    if (left == file) {
      EXPECT_EQ(found.state, RecordsState::kSound) << seed;
      EXPECT_EQ(found.sound_bytes, file.size()) << seed;
    } else if (left.size() > synced) {
      EXPECT_EQ(found.state, RecordsState::kTornEnd) << seed;
      EXPECT_EQ(found.sound_bytes, synced) << seed;
    }
  }
}

TEST(RecordCheck, ATornRecordThatOthersFollowIsDamage) {
  const TemporaryDirectory directory(TemporaryDirectory::fast_parent());
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    std::string file;
    append_record(file, letters(random, 100));
    const std::size_t begin = file.size();
    append_record(file, letters(random, seed * 300));
    const std::size_t end = file.size();
    append_record(file, letters(random, 100));
    // Overwrites one sector's share of the middle record with zeros and leaves its neighbours intact.
    const std::size_t at =
        std::uniform_int_distribution<std::size_t>(begin, end - 1)(random) / kSectorBytes * kSectorBytes;
    const std::size_t from = std::max(begin, at);
    const std::size_t to = std::min(end, at + kSectorBytes);
    std::fill(file.begin() + static_cast<std::ptrdiff_t>(from), file.begin() + static_cast<std::ptrdiff_t>(to), '\0');
    EXPECT_EQ(check(directory, file).state, RecordsState::kDamaged) << seed;
  }
}

TEST(RecordCheck, ThePartOfAnotherRecordDoesNotContinueATornOne) {
  const TemporaryDirectory directory(TemporaryDirectory::fast_parent());
  std::mt19937 random(1);
  std::string file;
  append_record(file, letters(random, kBlockBytes - 3000));
  append_record(file, letters(random, 1000));  // in one part
  const std::size_t border = file.size() / kSectorBytes * kSectorBytes;
  append_record(file, letters(random, 5000));  // in two
  // A sector that holds the end of one record and the start of the next.
  std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(border), kSectorBytes, '\0');
  EXPECT_EQ(check(directory, file).state, RecordsState::kDamaged);
}

TEST(RecordCheck, ABitThatFlippedInARecordOfTwoPartsIsDamage) {
  const TemporaryDirectory directory(TemporaryDirectory::fast_parent());
  std::mt19937 random(1);
  std::string file;
  append_record(file, letters(random, kBlockBytes - 3000));
  const std::size_t begin = file.size();
  std::string payload = letters(random, 5000);
  // Zeros at the end of its first part do not mean that the part was never written.
  std::fill_n(payload.begin() + static_cast<std::ptrdiff_t>(kBlockBytes - begin - kHeaderBytes - 10), 10, '\0');
  append_record(file, payload);
  ASSERT_EQ(check(directory, file).state, RecordsState::kSound);
  file[begin + 100] ^= 1;
  EXPECT_EQ(check(directory, file).state, RecordsState::kDamaged);
}

}  // namespace
}  // namespace stator::store
