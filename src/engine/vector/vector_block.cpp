#include "engine/vector/vector_block.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/vector_distance.h"

namespace stator::engine {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{1} << 20U;
/// The approximate memory of a vector besides its numbers and its key: its row, and its entry in the table of keys.
constexpr std::size_t kOtherBytes = 150;

double norm_of(std::span<const float> vector) {
  double squares = 0;
  for (const float number : vector) squares += double{number} * double{number};
  return std::sqrt(squares);
}

bool has_extremes(const VectorSettings& settings, std::span<const float> vector) {
  return settings.distance != DistanceFunction::kCosine &&
         std::ranges::any_of(vector, [](float number) { return std::abs(number) > kGreatestQuick; });
}

}  // namespace

VectorBlock::VectorBlock(const VectorSettings& settings)
    : settings_(settings),
      rows_of_chunk_(std::max<std::size_t>(16, kChunkBytes / (settings.dimensions * sizeof(float)))) {}

void VectorBlock::put(std::string_view key, const char* stored, std::string_view filters) {
  std::vector<float> numbers(settings_.dimensions);
  std::memcpy(numbers.data(), stored, numbers.size() * sizeof(float));
  const std::vector<float> form = query_of(numbers);
  const auto slot = static_cast<Slot>(rows_.size());
  if (slot % rows_of_chunk_ == 0 && chunks_.size() * rows_of_chunk_ == slot) {
    chunks_.push_back(std::make_unique_for_overwrite<float[]>(rows_of_chunk_ * settings_.dimensions));
    size_bytes_ += rows_of_chunk_ * settings_.dimensions * sizeof(float);
  }
  const bool is_extreme = has_extremes(settings_, numbers);
  if (is_extreme) extremes_.push_back(slot);
  rows_.push_back({std::string(key), std::string(filters), is_extreme});
  std::memcpy(chunks_.back().get() + slot % rows_of_chunk_ * settings_.dimensions, form.data(),
              form.size() * sizeof(float));
  if (!is_extreme) greatest_norm_ = std::max(greatest_norm_, norm_of(form));
  size_bytes_ += kOtherBytes + key.size() + filters.size();
  const auto known = slots_.find(key);
  if (known == slots_.end()) {
    slots_.emplace(rows_.back().key, slot);
    return;
  }
  // The key in `slots_` is a view of the old row's key, which is removed.
  const auto node = slots_.extract(known);
  rows_[node.mapped()] = {};
  slots_.emplace(rows_.back().key, slot);
}

void VectorBlock::remove(std::string_view key) {
  const auto known = slots_.find(key);
  if (known == slots_.end()) return;
  const Slot slot = known->second;
  slots_.erase(known);
  rows_[slot] = {};
}

std::uint64_t VectorBlock::bytes_of_vector(std::size_t dimensions, std::size_t key_bytes) {
  return dimensions * sizeof(float) + kOtherBytes + key_bytes;
}

std::optional<VectorBlock::Slot> VectorBlock::find(std::string_view key) const {
  const auto known = slots_.find(key);
  return known == slots_.end() ? std::nullopt : std::optional(known->second);
}

std::vector<float> VectorBlock::query_of(std::span<const float> vector) const {
  return quick_form(settings_.distance, vector);
}

float VectorBlock::rank(const float* query, Slot slot) const {
  return quick_rank(settings_.distance, query, vector(slot), settings_.dimensions);
}

std::size_t VectorBlock::ranks(const float* query, Slot begin, std::size_t count, float* ranks) const {
  const std::size_t in_chunk = std::min({count, rows_of_chunk_ - begin % rows_of_chunk_, rows_.size() - begin});
  quick_ranks(settings_.distance, query, vector(begin), settings_.dimensions, in_chunk, ranks);
  return in_chunk;
}

float VectorBlock::highest_rank(const std::vector<float>& query, float rank) const {
  return highest_quick_rank(settings_.distance, rank, norm_of(query) * greatest_norm_, settings_.dimensions);
}

}  // namespace stator::engine
