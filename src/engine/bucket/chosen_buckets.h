#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "engine/bucket/folder_buckets.h"

namespace stator::engine {

/// The buckets of a database: folders by default, replaceable by others. Safe to use from several threads.
class ChosenBuckets final : public Buckets {
 public:
  explicit ChosenBuckets(std::filesystem::path folders)
      : chosen_(std::make_shared<const FolderBuckets>(std::move(folders))) {}

  /// Takes effect for later calls of `bucket`. No job may be using buckets during the call.
  void choose(std::shared_ptr<const Buckets> buckets) {
    const std::lock_guard<std::mutex> lock(mutex_);
    chosen_ = std::move(buckets);
  }

  [[nodiscard]] std::unique_ptr<Bucket> bucket(const std::string& name, const std::string& owner) const override {
    std::shared_ptr<const Buckets> chosen;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      chosen = chosen_;
    }
    return chosen->bucket(name, owner);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Buckets> chosen_;
};

}  // namespace stator::engine
