#include "core/number.h"

#include <algorithm>
#include <array>
#include <limits>

#include "core/api_error.h"
#include "core/damage_error.h"
#include "core/limits.h"

namespace stator::core {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr int kMaxPower = 38;  // 10^38 is the largest power of ten in 128 bits

constexpr std::array<Wide, kMaxPower + 1> make_powers() {
  std::array<Wide, kMaxPower + 1> powers{};
  Wide power = 1;
  for (Wide& slot : powers) {
    slot = power;
    power *= 10;  // wraps after the last slot, where it is not used
  }
  return powers;
}
constexpr std::array<Wide, kMaxPower + 1> kPowers = make_powers();

/// The number of decimal digits of a value below 10^39; 0 for zero.
int digit_count(Wide value) {
  return static_cast<int>(std::upper_bound(kPowers.begin(), kPowers.end(), value) - kPowers.begin());
}

/// The digits of a value below 10^38 as text.
struct Digits {
  explicit Digits(Wide value) {
    first = text.data() + text.size();
    constexpr std::uint64_t kChunk = 10'000'000'000'000'000'000U;  // 10^19: dividing two 64-bit halves is faster
    const auto high = static_cast<std::uint64_t>(value / kChunk);
    auto low = static_cast<std::uint64_t>(value % kChunk);
    if (high != 0) {
      for (int i = 0; i < 19; ++i, low /= 10) {
        *--first = static_cast<char>('0' + low % 10);
      }
      low = high;
    }
    for (; low != 0; low /= 10) {
      *--first = static_cast<char>('0' + low % 10);
    }
  }
  Digits(const Digits&) = delete;
  Digits& operator=(const Digits&) = delete;

  [[nodiscard]] std::string_view view() const {
    return {first, static_cast<std::size_t>(text.data() + text.size() - first)};
  }

  std::array<char, 40> text;  // filled from its end
  char* first = nullptr;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

[[noreturn]] void throw_not_numeric(std::string_view text) {
  throw_validation("The parameter cannot be converted to a numeric value: " + std::string(text), Fault::kNumber);
}

[[noreturn]] void throw_too_precise() {
  throw_validation("Attempting to store more than 38 significant digits in a Number", Fault::kNumber);
}

[[noreturn]] void throw_overflow() {
  throw_validation("Number overflow. Attempting to store a number with magnitude larger than supported range",
                   Fault::kNumber);
}

[[noreturn]] void throw_underflow() {
  throw_validation("Number underflow. Attempting to store a number with magnitude smaller than supported range",
                   Fault::kNumber);
}

/// The exponent after 'e'. One beyond 64 bits is an error (not numeric); other large ones are clamped to a value far
/// out of range, so that the caller reports an overflow or underflow.
std::int64_t parse_exponent(std::string_view digits, std::string_view whole_text) {
  constexpr std::int64_t kFarOutside = 1'000'000'000'000;
  bool negative = false;
  if (!digits.empty() && (digits[0] == '+' || digits[0] == '-')) {
    negative = digits[0] == '-';
    digits.remove_prefix(1);
  }
  if (digits.empty()) {
    throw_not_numeric(whole_text);
  }
  constexpr std::uint64_t kGreatest = std::numeric_limits<std::int64_t>::max();
  std::uint64_t value = 0;
  for (const char c : digits) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (!is_digit(c) || value > (kGreatest - digit) / 10) {
      throw_not_numeric(whole_text);
    }
    value = value * 10 + digit;
  }
  const auto exponent = std::min(static_cast<std::int64_t>(value), kFarOutside);
  return negative ? -exponent : exponent;
}

/// The number in the text, before it is checked against the limits.
struct Scanned {
  Wide coefficient = 0;
  std::int64_t exponent = 0;       // of the coefficient's last digit
  std::int64_t digits = 0;         // significant digits: from the first to the last that is not zero
  std::int64_t zero_exponent = 0;  // exponent of the last digit as written; this is the exponent of a zero
  bool negative = false;
};

Scanned scan(std::string_view text) {
  Scanned scanned;
  std::size_t i = 0;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) {
    scanned.negative = text[i] == '-';
    ++i;
  }
  std::int64_t fraction_digits = 0;
  std::int64_t pending_zeros = 0;  // zeros that count only if another digit follows
  std::int64_t fraction_at_last_digit = 0;
  bool any_digit = false;
  bool in_fraction = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !in_fraction) {
      in_fraction = true;
      continue;
    }
    if (!is_digit(c)) {
      break;
    }
    any_digit = true;
    fraction_digits += in_fraction ? 1 : 0;
    if (c == '0') {
      pending_zeros += scanned.digits > 0 ? 1 : 0;
      continue;
    }
    const std::int64_t shift = scanned.digits > 0 ? pending_zeros + 1 : 1;
    scanned.digits += shift;
    pending_zeros = 0;
    if (scanned.digits <= kMaxNumberDigits) {
      scanned.coefficient =
          scanned.coefficient * kPowers[static_cast<std::size_t>(shift)] + static_cast<unsigned>(c - '0');
    }
    fraction_at_last_digit = fraction_digits;
  }
  std::int64_t exponent = 0;
  if (any_digit && i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    exponent = parse_exponent(text.substr(i + 1), text);
    i = text.size();
  }
  if (!any_digit || i < text.size()) {
    throw_not_numeric(text);
  }
  // Zeros between the last digit and the point are part of the magnitude: "1200" is 12 with exponent 2.
  const std::int64_t zeros_before_point = pending_zeros - (fraction_digits - fraction_at_last_digit);
  scanned.exponent = exponent + (fraction_at_last_digit > 0 ? -fraction_at_last_digit : zeros_before_point);
  scanned.zero_exponent = exponent - fraction_digits;
  return scanned;
}

}  // namespace

Number::Number(std::int64_t value) {
  // The magnitude of the smallest int64 does not fit in an int64.
  const std::uint64_t magnitude = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  *this = Number(magnitude, 0, value < 0);
}

Number::Number(Coefficient coefficient, std::int32_t exponent, bool negative) {
  if (coefficient == 0) {
    return;
  }
  // Small coefficients divide four times as fast in 64 bits.
  while (coefficient > std::numeric_limits<std::uint64_t>::max() && coefficient % 10 == 0) {
    coefficient /= 10;
    ++exponent;
  }
  if (coefficient <= std::numeric_limits<std::uint64_t>::max()) {
    auto small = static_cast<std::uint64_t>(coefficient);
    while (small % 10 == 0) {
      small /= 10;
      ++exponent;
    }
    coefficient = small;
  }
  coefficient_ = coefficient;
  exponent_ = exponent;
  negative_ = negative;
}

void Number::check_magnitude(std::int64_t leading_exponent) {
  if (leading_exponent > kMaxNumberExponent) {
    throw_overflow();
  }
  if (leading_exponent < kMinNumberExponent) {
    throw_underflow();
  }
}

namespace {

/// The older layer reads numbers with Java's BigDecimal, whose exponents have 32 bits: with a larger exponent the text
/// is not a number; if only the exponent of the first digit is larger, it wraps around.
void check_java_decimal(const Scanned& scanned, std::string_view text) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max();
  if (scanned.zero_exponent > kMax || scanned.zero_exponent < -kMax) {
    throw_not_numeric(text);
  }
  const std::int64_t first_place = scanned.digits == 0 ? scanned.zero_exponent + 1 : scanned.exponent + scanned.digits;
  if (first_place > kMax) {
    throw_underflow();
  }
}

}  // namespace

Number Number::parse(std::string_view text) { return parse(text, false); }

Number Number::parse_older(std::string_view text) {
  if (text.empty()) {
    throw_validation("The parameter cannot be converted to a numeric value", Fault::kNumber);
  }
  return parse(text, true);
}

Number Number::parse(std::string_view text, bool older) {
  const Scanned scanned = scan(text);
  if (older) {
    check_java_decimal(scanned, text);
  }
  if (scanned.digits == 0) {
    check_magnitude(scanned.zero_exponent);
    return {};
  }
  check_magnitude(scanned.exponent + scanned.digits - 1);
  if (scanned.digits > kMaxNumberDigits) {
    throw_too_precise();
  }
  return {scanned.coefficient, static_cast<std::int32_t>(scanned.exponent), scanned.negative};
}

std::string Number::to_string() const {
  std::string out;
  append_to(out);
  return out;
}

void Number::append_to(std::string& out) const {
  if (is_zero()) {
    out.push_back('0');
    return;
  }
  if (negative_) {
    out.push_back('-');
  }
  const Digits digits(coefficient_);
  const std::string_view text = digits.view();
  if (exponent_ >= 0) {
    out.append(text).append(static_cast<std::size_t>(exponent_), '0');
    return;
  }
  const auto fraction = static_cast<std::size_t>(-exponent_);
  if (fraction < text.size()) {
    out.append(text.substr(0, text.size() - fraction));
    out.push_back('.');
    out.append(text.substr(text.size() - fraction));
    return;
  }
  out.append("0.").append(fraction - text.size(), '0').append(text);
}

Number Number::negated() const {
  Number result = *this;
  result.negative_ = !negative_ && !is_zero();
  return result;
}

Number Number::minus(const Number& other) const { return plus(other.negated()); }

Number Number::plus(const Number& other) const {
  if (other.is_zero()) {
    return *this;
  }
  if (is_zero()) {
    return other;
  }
  const Number& high = exponent_ >= other.exponent_ ? *this : other;
  const Number& low = exponent_ >= other.exponent_ ? other : *this;
  const int shift = high.exponent_ - low.exponent_;
  // At the lower exponent, the higher operand must stay below 2 * 10^38: above that not even a subtraction leads back
  // to 38 digits, and below it the sum fits in 128 bits. (If shift > 0 the result ends in the lower operand's last
  // digit, which is not zero, so there are no trailing zeros to drop.)
  if (shift > kMaxPower || high.coefficient_ >= 2 * kPowers[kMaxPower] / kPowers[static_cast<std::size_t>(shift)]) {
    throw_overflow();
  }
  const Coefficient left = high.coefficient_ * kPowers[static_cast<std::size_t>(shift)];
  const Coefficient right = low.coefficient_;
  Number result;
  if (high.negative_ == low.negative_) {
    result = Number(left + right, low.exponent_, high.negative_);
  } else if (left >= right) {
    result = Number(left - right, low.exponent_, high.negative_);
  } else {
    result = Number(right - left, low.exponent_, low.negative_);
  }
  if (!result.is_zero()) {
    check_magnitude(result.leading_exponent());
    if (result.coefficient_ >= kPowers[kMaxPower]) {
      throw_overflow();
    }
  }
  return result;
}

int Number::leading_exponent() const { return digit_count(coefficient_) - 1 + exponent_; }

std::size_t Number::size_bytes(int digits, int leading_exponent, bool negative) {
  // If the first digit is at an even power of ten, it forms a pair alone: 1|23 but 12|34.
  const bool alone = leading_exponent % 2 == 0;
  const int pairs = alone ? 1 + digits / 2 : (digits + 1) / 2;
  return 1 + static_cast<std::size_t>(pairs) + (negative ? 1 : 0);
}

std::size_t Number::size_bytes() const {
  return is_zero() ? 1 : size_bytes(digit_count(coefficient_), leading_exponent(), negative_);
}

std::size_t Number::size_bytes_of_canonical(std::string_view text) {
  constexpr std::string_view kNotZero = "123456789";
  const std::size_t first = text.find_first_of(kNotZero);
  if (first == std::string_view::npos) {
    return 1;
  }
  const std::size_t last = text.find_last_of(kNotZero);
  const std::size_t point = std::min(text.find('.'), text.size());
  const bool point_between = first < point && point < last;
  const int digits = static_cast<int>(last - first) + (point_between ? 0 : 1);
  const int distance = static_cast<int>(point) - static_cast<int>(first);
  return size_bytes(digits, distance > 0 ? distance - 1 : distance, text[0] == '-');
}

namespace {

constexpr char kNegative = 0x00;
constexpr char kZero = 0x01;
constexpr char kPositive = 0x02;

}  // namespace

void Number::append_ordered(std::string& out) const {
  if (is_zero()) {
    out.push_back(kZero);
    return;
  }
  out.push_back(negative_ ? kNegative : kPositive);
  const unsigned flip = negative_ ? 0xFF : 0;
  const auto put = [&](int byte) { out.push_back(static_cast<char>(static_cast<unsigned>(byte) ^ flip)); };
  put(leading_exponent() - kMinNumberExponent);
  const Digits digits(coefficient_);
  const std::string_view text = digits.view();
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int second = i + 1 < text.size() ? text[i + 1] - '0' : 0;
    put((text[i] - '0') * 10 + second + 1);
  }
  put(0);
}

Number Number::read_ordered(std::string_view& in) {
  const auto next = [&]() -> unsigned {
    if (in.empty()) {
      throw DamageError("a number in a key is cut off");
    }
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    return byte;
  };
  const unsigned sign = next();
  if (sign == static_cast<unsigned>(kZero)) {
    return {};
  }
  if (sign > static_cast<unsigned>(kPositive)) {
    throw DamageError("a number in a key cannot be read");
  }
  const bool negative = sign == static_cast<unsigned>(kNegative);
  const unsigned flip = negative ? 0xFF : 0;
  const int leading = static_cast<int>(next() ^ flip) + kMinNumberExponent;
  Coefficient coefficient = 0;
  int digits = 0;
  while (true) {
    const unsigned pair = next() ^ flip;
    if (pair == 0) {
      break;
    }
    digits += 2;
    if (digits > kMaxNumberDigits || pair > 100) {
      throw DamageError("a number in a key cannot be read");
    }
    coefficient = coefficient * 100 + (pair - 1);
  }
  if (coefficient == 0) {
    throw DamageError("a number in a key cannot be read");
  }
  return {coefficient, leading - digits + 1, negative};
}

bool Number::to_int64(std::int64_t& out) const {
  if (exponent_ < 0 || exponent_ > 18) {
    return false;
  }
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const std::uint64_t limit = negative_ ? kMax + 1 : kMax;
  const Coefficient power = kPowers[static_cast<std::size_t>(exponent_)];
  if (coefficient_ > limit / power) {
    return false;
  }
  const auto magnitude = static_cast<std::uint64_t>(coefficient_ * power);
  out = static_cast<std::int64_t>(negative_ ? 0 - magnitude : magnitude);
  return true;
}

std::strong_ordering Number::compare_magnitude(const Number& other) const {
  if (exponent_ == other.exponent_) {
    return coefficient_ <=> other.coefficient_;
  }
  const int left = leading_exponent();
  const int right = other.leading_exponent();
  if (left != right) {
    return left <=> right;
  }
  // The first digits are at the same power of ten, so scaling the shorter coefficient gives at most 38 digits.
  const int shift = exponent_ - other.exponent_;
  return shift > 0 ? coefficient_ * kPowers[static_cast<std::size_t>(shift)] <=> other.coefficient_
                   : coefficient_ <=> other.coefficient_ * kPowers[static_cast<std::size_t>(-shift)];
}

std::strong_ordering Number::operator<=>(const Number& other) const {
  const int left = is_zero() ? 0 : negative_ ? -1 : 1;
  const int right = other.is_zero() ? 0 : other.negative_ ? -1 : 1;
  if (left != right || left == 0) {
    return left <=> right;
  }
  return negative_ ? other.compare_magnitude(*this) : compare_magnitude(other);
}

}  // namespace stator::core
