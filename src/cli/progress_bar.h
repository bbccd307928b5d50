#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>

namespace stator::cli {

/// One line on the terminal of standard error, never wider than that, which is drawn over itself, at most ten times a
/// second. Erased by the destructor.
class ProgressBar {
 public:
  /// `shown` false: draws nothing.
  ProgressBar(std::ostream& out, bool shown) : out_(out), shown_(shown) {}
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `note` stands behind the bar.
  void show(std::uint64_t done, std::uint64_t total, const std::string& note = {});
  /// A line of text alone, where no total is known.
  void show_text(const std::string& text);
  /// Leaves the line to what is printed next; the next `show` draws anew.
  void clear();

 private:
  /// Whether it is time for another drawing; `last`: it always is.
  bool begin_drawing(bool last);
  void draw(const std::string& text);

  std::ostream& out_;
  bool shown_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace stator::cli
