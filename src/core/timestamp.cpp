#include "core/timestamp.h"

#include <array>
#include <chrono>
#include <cstdio>

namespace stator::core {
namespace {

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;
constexpr std::int64_t kMicrosecondsPerDay = 86'400 * kMicrosecondsPerSecond;
constexpr std::string_view kDirectives = "YmdHIMSfpaAbBjyzZ%";

/// Reads fixed-width fields from the front of a text.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : rest_(text) {}
  bool number(std::size_t digits, int& out) {
    if (rest_.size() < digits) return false;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return false;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    out = value;
    return true;
  }
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Reads one to six digits of a fraction, as microseconds.
  bool fraction(int& out) {
    std::size_t digits = 0;
    int value = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      if (digits == 6) return false;
      value = value * 10 + (rest_[digits] - '0');
    }
    if (digits == 0) return false;
    rest_.remove_prefix(digits);
    for (; digits < 6; ++digits) value *= 10;
    out = value;
    return true;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

struct Fields {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, microsecond = 0, offset_minutes = 0;
};

std::optional<Timestamp> to_timestamp(const Fields& f) {
  const std::chrono::year_month_day date{std::chrono::year(f.year), std::chrono::month(static_cast<unsigned>(f.month)),
                                         std::chrono::day(static_cast<unsigned>(f.day))};
  if (!date.ok() || f.year < 1 || f.hour > 23 || f.minute > 59 || f.second > 59) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = (static_cast<std::int64_t>(f.hour) * 60 + f.minute - f.offset_minutes) * 60 + f.second;
  return Timestamp{days * kMicrosecondsPerDay + seconds * kMicrosecondsPerSecond + f.microsecond, f.offset_minutes};
}

bool read_date(FieldReader& in, Fields& f) {
  return in.number(4, f.year) && in.take('-') && in.number(2, f.month) && in.take('-') && in.number(2, f.day);
}

bool read_offset(FieldReader& in, Fields& f) {
  if (in.take('Z') || in.take('z')) return true;
  const bool west = in.take('-');
  if (!west && !in.take('+')) return false;
  int hours = 0;
  int minutes = 0;
  if (!in.number(2, hours)) return false;
  in.take(':');
  if (!in.number(2, minutes) || hours > 23 || minutes > 59) return false;
  f.offset_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
  return true;
}

struct Local {
  std::chrono::year_month_day date;
  std::int64_t days = 0;
  int hour = 0, minute = 0, second = 0, microsecond = 0;
};

Local to_local(const Timestamp& time) {
  const std::int64_t local = time.microseconds + time.offset_minutes * 60 * kMicrosecondsPerSecond;
  std::int64_t days = local / kMicrosecondsPerDay;
  if (local % kMicrosecondsPerDay < 0) --days;
  const std::int64_t rest = local - days * kMicrosecondsPerDay;
  const auto seconds = static_cast<int>(rest / kMicrosecondsPerSecond);
  Local out;
  out.date = std::chrono::year_month_day(std::chrono::sys_days(std::chrono::days(days)));
  out.days = days;
  out.hour = seconds / 3600;
  out.minute = seconds / 60 % 60;
  out.second = seconds % 60;
  out.microsecond = static_cast<int>(rest % kMicrosecondsPerSecond);
  return out;
}

void append_number(std::string& out, int width, std::int64_t value) {
  std::array<char, 24> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), "%0*lld", width, static_cast<long long>(value));
  out.append(buffer.data(), static_cast<std::size_t>(length));
}

void append_directive(std::string& out, char directive, const Timestamp& time, const Local& local) {
  static constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                            "Thursday", "Friday", "Saturday"};
  static constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                               "May",       "June",     "July",     "August",
                                                               "September", "October",  "November", "December"};
  const std::int64_t weekday = ((local.days + 4) % 7 + 7) % 7;
  const unsigned month = static_cast<unsigned>(local.date.month());
  const int year = static_cast<int>(local.date.year());
  switch (directive) {
    case 'Y':
      return append_number(out, 4, year);
    case 'y':
      return append_number(out, 2, year % 100);
    case 'm':
      return append_number(out, 2, month);
    case 'd':
      return append_number(out, 2, static_cast<unsigned>(local.date.day()));
    case 'H':
      return append_number(out, 2, local.hour);
    case 'I':
      return append_number(out, 2, (local.hour + 11) % 12 + 1);
    case 'M':
      return append_number(out, 2, local.minute);
    case 'S':
      return append_number(out, 2, local.second);
    case 'f':
      return append_number(out, 6, local.microsecond);
    case 'j': {
      const auto first = std::chrono::sys_days(local.date.year() / std::chrono::January / 1);
      return append_number(out, 3, local.days - first.time_since_epoch().count() + 1);
    }
    case 'p':
      out += local.hour < 12 ? "AM" : "PM";
      return;
    case 'a':
      out += kDays[static_cast<std::size_t>(weekday)].substr(0, 3);
      return;
    case 'A':
      out += kDays[static_cast<std::size_t>(weekday)];
      return;
    case 'b':
      out += kMonths[month - 1].substr(0, 3);
      return;
    case 'B':
      out += kMonths[month - 1];
      return;
    case 'z':
    case 'Z': {
      const int minutes = time.offset_minutes < 0 ? -time.offset_minutes : time.offset_minutes;
      if (directive == 'Z') out += "UTC";
      if (directive == 'Z' && minutes == 0) return;
      out += time.offset_minutes < 0 ? '-' : '+';
      append_number(out, 2, minutes / 60);
      if (directive == 'Z') out += ':';
      return append_number(out, 2, minutes % 60);
    }
    default:
      out += directive;
  }
}

}  // namespace

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  FieldReader in(text);
  Fields f;
  if (!read_date(in, f) || !(in.take('T') || in.take(' '))) return std::nullopt;
  if (!in.number(2, f.hour) || !in.take(':') || !in.number(2, f.minute) || !in.take(':') || !in.number(2, f.second))
    return std::nullopt;
  if (in.take('.') && !in.fraction(f.microsecond)) return std::nullopt;
  if (!read_offset(in, f) || !in.at_end()) return std::nullopt;
  return to_timestamp(f);
}

std::optional<Timestamp> parse_timestamp(std::string_view text, Completion completion) {
  if (auto whole = parse_timestamp(text)) return whole;
  const bool last = completion == Completion::kLast;
  FieldReader in(text);
  Fields f;
  if (!read_date(in, f)) return std::nullopt;
  f.hour = last ? 23 : 0;
  f.minute = f.second = last ? 59 : 0;
  f.microsecond = last ? 999'999 : 0;
  if (in.take('T') || in.take(' ')) {
    if (!in.number(2, f.hour) || !in.take(':') || !in.number(2, f.minute)) return std::nullopt;
    if (in.take(':') && !in.number(2, f.second)) return std::nullopt;
    if (in.take('.') && !in.fraction(f.microsecond)) return std::nullopt;
  }
  if (!in.at_end()) return std::nullopt;
  return to_timestamp(f);
}

std::string sortable(const Timestamp& time) {
  return format_timestamp({time.microseconds, 0}, "%Y-%m-%dT%H:%M:%S.%f+00:00");
}

bool is_time_format(std::string_view format) {
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    ++i;
    if (i == format.size() || kDirectives.find(format[i]) == std::string_view::npos) return false;
  }
  return true;
}

std::string format_timestamp(const Timestamp& time, std::string_view format) {
  const Local local = to_local(time);
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%' && i + 1 < format.size()) {
      append_directive(out, format[++i], time, local);
    } else {
      out += format[i];
    }
  }
  return out;
}

}  // namespace stator::core
