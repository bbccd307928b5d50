#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>

namespace stator::cli {

/// A line on the terminal of standard error, never wider than it, redrawn in place at most ten times a second. The
/// destructor erases it.
class ProgressBar {
 public:
  /// `shown` false: draws nothing.
  ProgressBar(std::ostream& out, bool shown) : out_(out), shown_(shown) {}
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// Draws a bar of `done` out of `total`, followed by `note`.
  void show(std::uint64_t done, std::uint64_t total, const std::string& note = {});
  /// Draws a text without a bar, if no total is known.
  void show_text(const std::string& text);
  /// Erases the line, so that other text can be printed; the next `show` draws it again.
  void clear();

 private:
  /// Whether it is time to draw again; always true if `last`.
  bool begin_drawing(bool last);
  void draw(const std::string& text);

  std::ostream& out_;
  bool shown_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace stator::cli
