#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace stator::server {

/// Files that others replace while the server runs.
class WatchedFiles {
 public:
  /// They are to be read after this, for the first time.
  explicit WatchedFiles(std::vector<std::filesystem::path> files);

  /// Whether the files are to be read again: two calls in a row found them changed in the same way, so that one of
  /// several is not taken without the others, nor the beginning of one. True again until `note_read`, as the fault of a
  /// file that cannot be used may be of the moment (no descriptors left).
  bool changed();
  /// Throws std::runtime_error where one is there and no regular file, which may have been one when it was read first:
  /// to read a pipe again would wait for who writes into it.
  void require_regular() const;
  /// They were read as `changed` found them.
  void note_read() { read_ = seen_; }

 private:
  /// Changes with everything that is done to a file; all 0 where there is none, and for pipes, which end when they were
  /// read.
  using FileState = std::array<std::uint64_t, 5>;
  static FileState state_of(const std::filesystem::path& file);
  [[nodiscard]] std::vector<FileState> states() const;

  std::vector<std::filesystem::path> files_;
  std::vector<FileState> read_;
  std::vector<FileState> seen_;
};

/// What a server is given at its start and may get anew while it runs: the value of the moment, and where the next one
/// comes from. Who uses a value keeps it for as long as that takes.
template <typename T>
class Followed {
 public:
  using Value = std::shared_ptr<const T>;
  /// The value to go on with; null where the one in use stays. Throws std::runtime_error with one line for the user.
  using Next = std::function<Value(const T& in_use)>;

  Followed(Value first, Next next) : next_(std::move(next)), value_(std::move(first)) {}
  /// One that stays.
  explicit Followed(Value only) : Followed(std::move(only), [](const T& /*in_use*/) { return Value(); }) {}

  /// Safe to call from several threads, also beside `look`.
  [[nodiscard]] Value value() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  /// Looks for the next value; to be called again and again, by one thread. True: `value` is another from now on.
  /// Throws std::runtime_error with one line for the user, once for each fault; the value stays as it is then.
  bool look() {
    try {
      Value next = next_(*value());
      last_fault_.clear();
      if (next == nullptr) return false;
      const std::lock_guard lock(mutex_);
      value_.swap(next);
      return true;
    } catch (const std::runtime_error& error) {
      if (std::exchange(last_fault_, error.what()) == error.what()) return false;
      throw;
    }
  }

 private:
  Next next_;
  mutable std::mutex mutex_;
  Value value_;
  std::string last_fault_;
};

/// The value that `read` makes of the files, again whenever they have changed. Throws as `read` does.
template <typename T>
std::shared_ptr<Followed<T>> follow_files(std::vector<std::filesystem::path> files,
                                          std::function<std::shared_ptr<const T>()> read) {
  WatchedFiles watched(std::move(files));
  std::shared_ptr<const T> first = read();
  return std::make_shared<Followed<T>>(
      std::move(first), [watched = std::move(watched), read = std::move(read)](const T& /*in_use*/) mutable {
        if (!watched.changed()) return std::shared_ptr<const T>();
        watched.require_regular();
        std::shared_ptr<const T> next = read();
        watched.note_read();
        return next;
      });
}

}  // namespace stator::server
