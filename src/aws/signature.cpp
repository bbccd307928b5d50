#include "aws/signature.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "aws/digest.h"
#include "core/ascii.h"
#include "core/hexadecimal.h"
#include "http/url.h"

namespace stator::aws {

namespace {

struct ByName {
  bool operator()(const CanonicalField& field, std::string_view name) const { return field.name < name; }
  bool operator()(std::string_view name, const CanonicalField& field) const { return name < field.name; }
};

/// Appends the value, trimmed, with each run of spaces as one space.
void append_canonical_value(std::string_view value, std::string& out) {
  const std::size_t begin = out.size();
  for (const char c : value) {
    if (c != ' ' && c != '\t') {
      out += c;
    } else if (out.size() > begin && out.back() != ' ') {
      out += ' ';
    }
  }
  while (out.size() > begin && out.back() == ' ') out.pop_back();
}

/// The path without "." and ".." segments (RFC 3986, 5.2.4) and without empty ones, which AWS drops, too.
std::string normalised_path(std::string_view path) {
  std::vector<std::string_view> segments;
  bool ends_in_slash = true;
  while (!path.empty()) {
    if (path.front() == '/') {
      ends_in_slash = true;
      path.remove_prefix(1);
      continue;
    }
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    ends_in_slash = segment == "." || segment == "..";
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (segment != ".") {
      segments.push_back(segment);
    }
  }
  std::string out;
  for (const std::string_view segment : segments) {
    out += '/';
    out += segment;
  }
  if (ends_in_slash || out.empty()) out += '/';
  return out;
}

/// The query's names and values, percent-encoded and sorted.
std::string canonical_query(std::string_view query) {
  if (query.empty()) return {};
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    pairs.emplace_back(http::percent_encode(http::percent_decode(pair.substr(0, equals))),
                       http::percent_encode(http::percent_decode(value)));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out += name;
    out += '=';
    out += value;
  }
  return out;
}

/// Calls `use` with each of the names.
template <typename Use>
void for_each_name(std::string_view names, Use use) {
  while (true) {
    const std::string_view name = names.substr(0, names.find(';'));
    use(name);
    if (name.size() == names.size()) return;
    names.remove_prefix(name.size() + 1);
  }
}

}  // namespace

std::string request_stamp(std::int64_t now_ms) {
  const std::time_t seconds = now_ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[sizeof "YYYYMMDDTHHMMSSZ"];
  std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts);
  return text;
}

std::optional<std::int64_t> parse_request_stamp(std::string_view stamp) {
  if (stamp.size() != 16 || stamp[8] != 'T' || stamp[15] != 'Z') return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = 0;
    for (const char c : stamp.substr(at, digits)) {
      if (c < '0' || c > '9') return -1;
      value = value * 10 + (c - '0');
    }
    return value;
  };
  const int year = number(0, 4);
  const int month = number(4, 2);
  const int day = number(6, 2);
  const int hour = number(9, 2);
  const int minute = number(11, 2);
  const int second = number(13, 2);
  if (std::min({year, month, day, hour, minute, second}) < 0) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  const auto time = std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
                    std::chrono::seconds(second);
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

CanonicalFields canonical_fields(std::span<const std::pair<std::string_view, std::string_view>> fields) {
  CanonicalFields sorted;
  sorted.reserve(fields.size());
  for (const auto& [name, value] : fields) sorted.push_back({core::lowered(name), value});
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const CanonicalField& left, const CanonicalField& right) { return left.name < right.name; });
  return sorted;
}

std::span<const CanonicalField> fields_named(const CanonicalFields& fields, std::string_view name) {
  const auto [begin, end] = std::equal_range(fields.begin(), fields.end(), name, ByName());
  return {begin, end};
}

bool are_canonical_names(std::string_view signed_names) {
  std::string_view before;
  bool canonical = !signed_names.empty();
  for_each_name(signed_names, [&](std::string_view name) {
    if (name <= before || core::lowered(name) != name) canonical = false;
    before = name;
  });
  return canonical;
}

std::string canonical_request(const SignedRequest& request) {
  std::string out;
  out.reserve(1024);
  out += request.method;
  out += '\n';
  // The path of the request line is percent-encoded a second time. Only S3 does not do that: for it, the path is given
  // decoded.
  out += http::percent_encode(normalised_path(request.path), "/");
  out += '\n';
  out += canonical_query(request.query);
  out += '\n';
  for_each_name(request.signed_names, [&](std::string_view name) {
    out += name;
    out += ':';
    bool first = true;
    for (const CanonicalField& field : fields_named(request.fields, name)) {
      if (!first) out += ',';
      first = false;
      append_canonical_value(field.value, out);
    }
    out += '\n';
  });
  out += '\n';
  out += request.signed_names;
  out += '\n';
  out += request.payload_hash;
  return out;
}

std::string credential_scope(std::string_view date, std::string_view region, std::string_view service) {
  std::string scope(date);
  for (const std::string_view part : {region, service, kScopeTerminator}) {
    scope += '/';
    scope += part;
  }
  return scope;
}

std::string string_to_sign(std::string_view stamp, std::string_view scope, std::string_view canonical_request) {
  const std::string hash = core::hexadecimal(sha256(canonical_request));
  std::string out(kSigningAlgorithm);
  for (const std::string_view part : {stamp, scope, std::string_view(hash)}) {
    out += '\n';
    out += part;
  }
  return out;
}

std::string signing_key(std::string_view secret_access_key, std::string_view date, std::string_view region,
                        std::string_view service) {
  std::string key = hmac_sha256("AWS4" + std::string(secret_access_key), date);
  for (const std::string_view part : {region, service, kScopeTerminator}) key = hmac_sha256(key, part);
  return key;
}

}  // namespace stator::aws
