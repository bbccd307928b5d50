#include "cli/progress_bar.h"

#include <algorithm>

#include "cli/terminal.h"
#include "model/text.h"

namespace stator::cli {
namespace {

constexpr std::size_t kWidth = 40;
constexpr std::size_t kLeastWidth = 8;
constexpr int kStandardError = 2;
constexpr std::chrono::milliseconds kBetweenDrawings{100};

}  // namespace

ProgressBar::~ProgressBar() { clear(); }

void ProgressBar::clear() {
  if (drawn_) out_ << "\r\033[K" << std::flush;
  drawn_ = false;
}

bool ProgressBar::begin_drawing(bool last) {
  if (!shown_) return false;
  const auto now = std::chrono::steady_clock::now();
  if (drawn_ && !last && now - last_ < kBetweenDrawings) return false;
  drawn_ = true;
  last_ = now;
  return true;
}

void ProgressBar::show_text(const std::string& text) {
  if (begin_drawing(false)) draw(text);
}

void ProgressBar::show(std::uint64_t done, std::uint64_t total, const std::string& note) {
  if (total == 0 || !begin_drawing(done >= total)) return;
  const std::string text = std::to_string(done) + "/" + std::to_string(total) + " " +
                           std::to_string(done * 100 / total) + "%" + (note.empty() ? "" : " ") + note;
  // The text comes first; the bar gets the remaining columns.
  constexpr std::size_t kAround = 4;  // brackets, a space, and the last column
  const std::size_t columns = terminal_columns(kStandardError);
  const std::size_t room = columns > text.size() + kAround ? columns - text.size() - kAround : 0;
  const std::size_t width = std::min(room, kWidth);
  if (width < kLeastWidth) return draw(text);
  const std::size_t filled = done * width / total;
  draw("[" + std::string(filled, '#') + std::string(width - filled, ' ') + "] " + text);
}

void ProgressBar::draw(const std::string& text) {
  // A line that reaches the last column would wrap, and its beginning could not be overwritten.
  const std::size_t most = std::max<std::size_t>(terminal_columns(kStandardError), 2) - 1;
  out_ << "\r" << model::first_code_points(text, most) << "\033[K" << std::flush;
}

}  // namespace stator::cli
