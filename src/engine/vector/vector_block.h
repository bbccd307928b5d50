#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/table.h"

namespace stator::engine {

/// The vectors of entries in memory, in their quick form (vector_distance.h), stored one after the other.
///
/// Each vector has a key and a slot, a number from 0 on. When a vector is replaced or removed its slot becomes
/// obsolete; its numbers stay, as a graph may lead through them. Several threads may read at the same time; changes
/// need exclusive access, and do not move vectors.
class VectorBlock {
 public:
  using Slot = std::uint32_t;

  explicit VectorBlock(const VectorSettings& settings);

  /// Adds a vector, and removes an earlier one with this key. `stored`: one 32-bit float for each dimension, not
  /// necessarily aligned. `filters`: the filters of the entry (vector_entry.h). Throws std::bad_alloc; the block is
  /// then unusable.
  void put(std::string_view key, const char* stored, std::string_view filters);
  /// Does nothing if there is no vector with this key.
  void remove(std::string_view key);

  [[nodiscard]] std::size_t slots() const { return rows_.size(); }
  /// The number of slots that are not obsolete.
  [[nodiscard]] std::size_t size() const { return slots_.size(); }
  [[nodiscard]] std::size_t obsolete() const { return rows_.size() - slots_.size(); }
  /// The approximate memory of a vector.
  static std::uint64_t bytes_of_vector(std::size_t dimensions, std::size_t key_bytes);
  /// The approximate memory of the block.
  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

  [[nodiscard]] std::optional<Slot> find(std::string_view key) const;
  [[nodiscard]] bool is_obsolete(Slot slot) const { return rows_[slot].key.empty(); }
  [[nodiscard]] const std::string& key(Slot slot) const { return rows_[slot].key; }
  [[nodiscard]] std::string_view filters(Slot slot) const { return rows_[slot].filters; }
  [[nodiscard]] const float* vector(Slot slot) const {
    return chunks_[slot / rows_of_chunk_].get() + slot % rows_of_chunk_ * settings_.dimensions;
  }
  [[nodiscard]] const VectorSettings& settings() const { return settings_; }
  /// Slots with numbers that a quick form cannot hold: their quick ranks are wrong. Some may be obsolete.
  [[nodiscard]] std::span<const Slot> extremes() const { return extremes_; }
  [[nodiscard]] bool is_extreme(Slot slot) const { return rows_[slot].is_extreme; }

  [[nodiscard]] std::vector<float> query_of(std::span<const float> vector) const;
  [[nodiscard]] float rank(const float* query, Slot slot) const;
  /// Computes the ranks of at most `count` slots from `begin` on; returns of how many, at least 1.
  std::size_t ranks(const float* query, Slot begin, std::size_t count, float* ranks) const;
  /// See highest_quick_rank.
  [[nodiscard]] float highest_rank(const std::vector<float>& query, float rank) const;

 private:
  struct Row {
    std::string key;  // empty: obsolete
    std::string filters;
    bool is_extreme = false;
  };
  const VectorSettings settings_;
  const std::size_t rows_of_chunk_;
  std::vector<std::unique_ptr<float[]>> chunks_;
  std::deque<Row> rows_;  // a deque, so that the views in `slots_` stay valid
  std::unordered_map<std::string_view, Slot> slots_;
  std::vector<Slot> extremes_;
  double greatest_norm_ = 0;  // of the vectors that are not extreme
  std::uint64_t size_bytes_ = 0;
};

}  // namespace stator::engine
