#include "cli/progress_bar.h"

namespace stator::cli {
namespace {

constexpr std::uint64_t kWidth = 40;
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
  if (begin_drawing(false)) out_ << "\r" << text << "\033[K" << std::flush;
}

void ProgressBar::show(std::uint64_t done, std::uint64_t total, const std::string& note) {
  if (total == 0 || !begin_drawing(done >= total)) return;
  const std::uint64_t filled = done * kWidth / total;
  out_ << "\r[" << std::string(filled, '#') << std::string(kWidth - filled, ' ') << "] " << done << "/" << total << " "
       << done * 100 / total << "%" << (note.empty() ? "" : " ") << note << "\033[K" << std::flush;
}

}  // namespace stator::cli
