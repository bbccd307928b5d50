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
  /// Construct this before the files are read for the first time.
  explicit WatchedFiles(std::vector<std::filesystem::path> files);

  /// Whether the files must be read again: two calls in a row found the same change. So one of several files is not
  /// read before the others are replaced, nor a file that is half written. Returns true again until `note_read`, as a
  /// file may be unusable only for the moment (no descriptors left).
  bool changed();
  /// Throws std::runtime_error if a file exists but is not (or not any more) a regular file: reading a pipe again would
  /// wait for its writer.
  void require_regular() const;
  /// Records that the files were read in the state that `changed` found.
  void note_read() { read_ = seen_; }

 private:
  /// Changes with every change of a file. All zeros if the file does not exist, and for pipes, which can be read only
  /// once.
  using FileState = std::array<std::uint64_t, 5>;
  static FileState state_of(const std::filesystem::path& file);
  [[nodiscard]] std::vector<FileState> states() const;

  std::vector<std::filesystem::path> files_;
  std::vector<FileState> read_;
  std::vector<FileState> seen_;
};

/// Something that a server gets at its start and that may be replaced while it runs: the current value, and how to get
/// the next one. A user of a value keeps its pointer for as long as needed.
template <typename T>
class Reloadable {
 public:
  using Value = std::shared_ptr<const T>;
  /// Returns the next value; null to keep the one in use. Throws std::runtime_error with one line for the user.
  using Next = std::function<Value(const T& in_use)>;

  Reloadable(Value first, Next next) : next_(std::move(next)), value_(std::move(first)) {}
  /// A value that never changes.
  explicit Reloadable(Value only) : Reloadable(std::move(only), [](const T& /*in_use*/) { return Value(); }) {}

  /// Safe to call from several threads, also during `refresh`.
  [[nodiscard]] Value value() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  /// Looks for the next value; called repeatedly, by one thread. Returns true if `value` has been replaced. Throws
  /// std::runtime_error with one line for the user, once for each fault, and then keeps the value.
  bool refresh() {
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

/// The value that `read` makes from the files, read again whenever they have changed. Throws as `read`
/// does.
template <typename T>
std::shared_ptr<Reloadable<T>> reloadable_from_files(std::vector<std::filesystem::path> files,
                                                     std::function<std::shared_ptr<const T>()> read) {
  WatchedFiles watched(std::move(files));
  std::shared_ptr<const T> first = read();
  return std::make_shared<Reloadable<T>>(
      std::move(first), [watched = std::move(watched), read = std::move(read)](const T& /*in_use*/) mutable {
        if (!watched.changed()) return std::shared_ptr<const T>();
        watched.require_regular();
        std::shared_ptr<const T> next = read();
        watched.note_read();
        return next;
      });
}

}  // namespace stator::server
