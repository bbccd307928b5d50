#include "server/content_coding.h"

#include <zlib.h>

#include <algorithm>
#include <new>
#include <optional>

#include "core/ascii.h"
#include "server/request_head.h"

namespace stator::server {
namespace {

constexpr int kGzipWindowBits = 15 + 16;
constexpr int kZlibWindowBits = 15;
constexpr std::size_t kStepBytes = 64 * 1024;

int window_bits(Coding coding) { return coding == Coding::kGzip ? kGzipWindowBits : kZlibWindowBits; }

/// The number after "q=", clamped to 0..1; 1 for a text that is not a number.
double quality_of(std::string_view text) {
  if (text.starts_with('-')) return 0.0;
  double value = 0;
  double scale = 1;
  bool fraction = false;
  bool digits = false;
  for (const char c : text) {
    if (c == '.' && !fraction) {
      fraction = true;
    } else if (c >= '0' && c <= '9') {
      digits = true;
      if (fraction) scale /= 10;
      value = fraction ? value + scale * (c - '0') : std::min(value * 10 + (c - '0'), 2.0);
    } else {
      return 1.0;
    }
  }
  return digits ? std::min(value, 1.0) : 1.0;
}

/// The quality among an element's parameters: the value after the first "q=", which the service also finds at the end
/// of a longer name.
double quality_of_all(std::string_view parameters) {
  for (std::size_t q = parameters.find_first_of("qQ"); q != std::string_view::npos;
       q = parameters.find_first_of("qQ", q + 1)) {
    if (!parameters.substr(q + 1).starts_with('=')) continue;
    const std::string_view text = parameters.substr(q + 2);
    return quality_of(trimmed(text.substr(0, text.find(';'))));
  }
  return 1.0;
}

struct Inflater {
  explicit Inflater(Coding coding) {
    if (inflateInit2(&stream, window_bits(coding)) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream stream{};
};

}  // namespace

std::string_view coding_name(Coding coding) { return coding == Coding::kGzip ? "gzip" : "deflate"; }

Coding choose_coding(std::string_view accept_encoding) {
  struct Candidate {
    Coding coding;
    double quality = 0;
    int place = 0;
    bool named = false;
  };
  Candidate gzip{Coding::kGzip};
  Candidate deflate{Coding::kDeflate};
  std::optional<double> rest;
  int rest_place = 0;
  int place = 0;
  while (!accept_encoding.empty()) {
    const std::size_t comma = accept_encoding.find(',');
    const std::string_view element = trimmed(accept_encoding.substr(0, comma));
    const std::size_t semicolon = element.find(';');
    const std::string_view name = trimmed(element.substr(0, semicolon));
    const double quality = semicolon == std::string_view::npos ? 1.0 : quality_of_all(element.substr(semicolon + 1));
    ++place;
    if (name == "*") {
      if (!rest) rest_place = place;
      rest = std::max(rest.value_or(0), quality);
    }
    for (Candidate* candidate : {&gzip, &deflate}) {
      if (!core::equals_ignoring_case(name, coding_name(candidate->coding))) continue;
      if (!candidate->named || quality > candidate->quality) *candidate = {candidate->coding, quality, place, true};
    }
    if (comma == std::string_view::npos) break;
    accept_encoding.remove_prefix(comma + 1);
  }
  for (Candidate* candidate : {&gzip, &deflate}) {
    if (!candidate->named && rest) {
      candidate->quality = *rest;
      candidate->place = std::max(place, rest_place) + 1;  // named codings come before those covered by the asterisk
    }
  }
  const bool deflate_first =
      deflate.quality > gzip.quality || (deflate.quality == gzip.quality && deflate.place < gzip.place);
  const Candidate& best = deflate_first ? deflate : gzip;
  return best.quality > 0 ? best.coding : Coding::kNone;
}

void compress(Coding coding, std::string_view body, std::string& out) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window_bits(coding), 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  const std::size_t start = out.size();
  out.resize(start + deflateBound(&stream, static_cast<uLong>(body.size())));
  // zlib's interface is not const-correct; it does not write to its input.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data() + start);
  stream.avail_out = static_cast<uInt>(out.size() - start);
  deflate(&stream, Z_FINISH);
  out.resize(start + stream.total_out);
  deflateEnd(&stream);
}

DecompressStatus decompress(Coding coding, std::string_view body, std::size_t max_bytes, std::string& out) {
  Inflater inflater(coding);
  z_stream& stream = inflater.stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  const std::size_t start = out.size();
  std::size_t length = 0;
  while (true) {
    if (length > max_bytes) return DecompressStatus::kTooLarge;
    const std::size_t step = std::min(kStepBytes, max_bytes + 1 - length);
    out.resize(start + length + step);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + start + length);
    stream.avail_out = static_cast<uInt>(step);
    const int result = inflate(&stream, Z_NO_FLUSH);
    length += step - stream.avail_out;
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0) break;
      if (coding != Coding::kGzip || inflateReset(&stream) != Z_OK) return DecompressStatus::kMalformed;
      continue;
    }
    if (result != Z_OK) return DecompressStatus::kMalformed;
    if (stream.avail_in == 0 && stream.avail_out != 0) return DecompressStatus::kMalformed;
  }
  if (length > max_bytes) return DecompressStatus::kTooLarge;
  out.resize(start + length);
  return DecompressStatus::kOk;
}

}  // namespace stator::server
