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

void ProgressBar::show(std::uint64_t done, std::uint64_t total, const std::string& note) {
  if (!shown_ || total == 0) return;
  const auto now = std::chrono::steady_clock::now();
  if (drawn_ && done < total && now - last_ < kBetweenDrawings) return;
  drawn_ = true;
  last_ = now;
  const std::uint64_t filled = done * kWidth / total;
  out_ << "\r[" << std::string(filled, '#') << std::string(kWidth - filled, ' ') << "] " << done << "/" << total << " "
       << done * 100 / total << "%" << (note.empty() ? "" : " ") << note << "\033[K" << std::flush;
}

}  // namespace stator::cli
