#pragma once

#include <filesystem>

#include "engine/bucket/bucket.h"

namespace stator::engine {

/// Buckets that are folders: the bucket NAME is the folder NAME in `directory`, keys are paths in it. With an empty
/// `directory` there are no buckets. Owners are not checked, and nothing is encrypted.
class FolderBuckets final : public Buckets {
 public:
  explicit FolderBuckets(std::filesystem::path directory) : directory_(std::move(directory)) {}
  [[nodiscard]] std::unique_ptr<Bucket> bucket(const std::string& name, const std::string& owner) const override;

 private:
  const std::filesystem::path directory_;
};

}  // namespace stator::engine
