#include "json/stored.h"

#include <cstring>

#include "core/api_error.h"
#include "core/base64.h"
#include "core/damage_error.h"
#include "core/limits.h"
#include "json/item.h"

namespace stator::json {
namespace {

using core::AttributeType;
using core::AttributeValue;

[[noreturn]] void throw_damaged() { throw core::DamageError("the JSON of a stored item cannot be read"); }

/// The character that an escape stands for. `at` points after the backslash, and is moved to the escape's last
/// character.
char unescaped_character(std::string_view raw, std::size_t& at) {
  switch (raw[at]) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'u': {
      // Only control characters are stored in this form: \u00XX.
      if (at + 4 >= raw.size()) {
        throw_damaged();
      }
      unsigned code = 0;
      for (std::size_t i = 1; i <= 4; ++i) {
        const char c = raw[at + i];
        code = code * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
      }
      at += 4;
      return static_cast<char>(code);
    }
    default:
      return raw[at];
  }
}

std::size_t base64_size(std::string_view text) {
  if (text.size() % 4 != 0) {
    throw_damaged();
  }
  return core::base64_size(text);
}

core::Number stored_number(std::string_view text) {
  try {
    return core::Number::parse(text);
  } catch (const core::ApiError&) {
    throw_damaged();  // numbers were validated before they were stored
  }
}

std::string decoded(std::string_view base64) {
  std::optional<std::string> bytes = core::base64_decode(base64);
  if (!bytes) {
    throw_damaged();
  }
  return std::move(*bytes);
}

}  // namespace

std::string unescape(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  while (true) {
    const std::size_t backslash = raw.find('\\');
    text.append(raw.substr(0, backslash));
    if (backslash == std::string_view::npos) {
      return text;
    }
    std::size_t at = backslash + 1;
    if (at >= raw.size()) {
      throw_damaged();
    }
    text.push_back(unescaped_character(raw, at));
    raw.remove_prefix(at + 1);
  }
}

std::size_t unescaped_size(std::string_view raw) {
  std::size_t size = raw.size();
  for (std::size_t at = raw.find('\\'); at != std::string_view::npos; at = raw.find('\\', at + 2)) {
    size -= at + 1 < raw.size() && raw[at + 1] == 'u' ? 5 : 1;
  }
  return size;
}

void StoredReader::expect(char c) {
  if (!accept(c)) {
    throw_damaged();
  }
}

bool StoredReader::accept(char c) {
  if (at_ < text_.size() && text_[at_] == c) {
    ++at_;
    return true;
  }
  return false;
}

std::string_view StoredReader::raw_string() {
  expect('"');
  const std::size_t start = at_;
  while (true) {
    const void* found = at_ < text_.size() ? std::memchr(text_.data() + at_, '"', text_.size() - at_) : nullptr;
    if (found == nullptr) {
      throw_damaged();
    }
    const auto quote = static_cast<std::size_t>(static_cast<const char*>(found) - text_.data());
    // The quote ends the string unless an odd number of backslashes precedes it.
    std::size_t slashes = 0;
    while (quote - slashes > at_ && text_[quote - slashes - 1] == '\\') {
      ++slashes;
    }
    at_ = quote + 1;
    if (slashes % 2 == 0) {
      return text_.substr(start, quote - start);
    }
  }
}

std::string_view StoredReader::raw_value() {
  const std::size_t start = at_;
  // Most values are {"S":"…"}, {"N":"…"} or {"B":"…"}.
  constexpr std::size_t kContent = std::string_view(R"({"S":)").size();
  if (text_.size() - at_ > kContent && text_[at_ + 3] == '"' && text_[at_ + kContent] == '"') {
    at_ += kContent;
    raw_string();
    expect('}');
    return text_.substr(start, at_ - start);
  }
  std::size_t open = 0;
  do {
    if (at_ >= text_.size()) {
      throw_damaged();
    }
    switch (text_[at_]) {
      case '"':
        raw_string();
        continue;
      case '{':
      case '[':
        ++open;
        break;
      case '}':
      case ']':
        if (open == 0) {
          throw_damaged();
        }
        --open;
        break;
      default:
        break;
    }
    ++at_;
  } while (open > 0);
  return text_.substr(start, at_ - start);
}

AttributeType StoredReader::type() {
  const std::optional<AttributeType> type = core::type_from_name(raw_string());
  if (!type) {
    throw_damaged();
  }
  expect(':');
  return *type;
}

bool StoredReader::boolean() {
  const bool value = text_.substr(at_, 4) == "true";
  if (!value && text_.substr(at_, 5) != "false") {
    throw_damaged();
  }
  at_ += value ? 4 : 5;
  return value;
}

template <class Each>
void StoredReader::each_element(Each each) {
  expect('[');
  if (accept(']')) {
    return;
  }
  do {
    each();
  } while (accept(','));
  expect(']');
}

template <class Each>
void StoredReader::each_member(Each each) {
  expect('{');
  if (accept('}')) {
    return;
  }
  do {
    const std::string_view name = raw_string();
    expect(':');
    each(name);
  } while (accept(','));
  expect('}');
}

AttributeValue StoredReader::value() {
  if (++depth_ > core::kMaxNestingDepth * 2) {  // updates may nest deeper than requests, but not without a limit
    throw_damaged();
  }
  expect('{');
  AttributeValue::Storage storage;
  switch (type()) {
    case AttributeType::kString:
      storage = unescape(raw_string());
      break;
    case AttributeType::kNumber:
      storage = stored_number(raw_string());
      break;
    case AttributeType::kBinary:
      storage = AttributeValue::Binary{decoded(raw_string())};
      break;
    case AttributeType::kStringSet: {
      AttributeValue::StringSet set;
      each_element([&] { set.members.push_back(unescape(raw_string())); });
      storage = std::move(set);
      break;
    }
    case AttributeType::kNumberSet: {
      AttributeValue::NumberSet set;
      each_element([&] { set.members.push_back(stored_number(raw_string())); });
      storage = std::move(set);
      break;
    }
    case AttributeType::kBinarySet: {
      AttributeValue::BinarySet set;
      each_element([&] { set.members.push_back(decoded(raw_string())); });
      storage = std::move(set);
      break;
    }
    case AttributeType::kMap: {
      AttributeValue::Map map;
      each_member([&](std::string_view name) { map.push_back({unescape(name), value()}); });
      storage = std::move(map);
      break;
    }
    case AttributeType::kList: {
      AttributeValue::List list;
      each_element([&] { list.push_back(value()); });
      storage = std::move(list);
      break;
    }
    case AttributeType::kBoolean:
      storage = boolean();
      break;
    case AttributeType::kNull:
      boolean();
      storage = AttributeValue::Null{};
      break;
  }
  expect('}');
  --depth_;
  return storage;
}

std::size_t StoredReader::value_size_bytes() {
  if (++depth_ > core::kMaxNestingDepth * 2) {
    throw_damaged();
  }
  expect('{');
  std::size_t size = 0;
  switch (type()) {
    case AttributeType::kString:
      size = unescaped_size(raw_string());
      break;
    case AttributeType::kNumber:
      size = core::Number::size_bytes_of_canonical(raw_string());
      break;
    case AttributeType::kBinary:
      size = base64_size(raw_string());
      break;
    case AttributeType::kStringSet:
      each_element([&] { size += unescaped_size(raw_string()); });
      break;
    case AttributeType::kNumberSet:
      each_element([&] { size += core::Number::size_bytes_of_canonical(raw_string()); });
      break;
    case AttributeType::kBinarySet:
      each_element([&] { size += base64_size(raw_string()); });
      break;
    case AttributeType::kMap:
      size = core::kContainerSizeBytes;
      each_member(
          [&](std::string_view name) { size += core::kElementSizeBytes + unescaped_size(name) + value_size_bytes(); });
      break;
    case AttributeType::kList:
      size = core::kContainerSizeBytes;
      each_element([&] { size += core::kElementSizeBytes + value_size_bytes(); });
      break;
    case AttributeType::kBoolean:
    case AttributeType::kNull:
      boolean();
      size = 1;
      break;
  }
  expect('}');
  --depth_;
  return size;
}

namespace {

/// The text of {"S":"…"} if it has no escapes, as in most values; nullopt otherwise.
std::optional<std::string_view> plain_string(std::string_view stored_value) {
  constexpr std::string_view kBegin = R"({"S":")";
  constexpr std::string_view kEnd = R"("})";
  if (stored_value.size() < kBegin.size() + kEnd.size() || !stored_value.starts_with(kBegin) ||
      !stored_value.ends_with(kEnd)) {
    return std::nullopt;
  }
  const auto text = stored_value.substr(kBegin.size(), stored_value.size() - kBegin.size() - kEnd.size());
  const bool plain = text.find('\\') == std::string_view::npos && text.find('"') == std::string_view::npos;
  return plain ? std::optional(text) : std::nullopt;
}

}  // namespace

AttributeValue parse_stored(std::string_view stored_value) {
  if (const auto text = plain_string(stored_value)) return AttributeValue::string(std::string(*text));
  StoredReader reader(stored_value);
  AttributeValue value = reader.value();
  if (!reader.at_end()) {
    throw_damaged();
  }
  return value;
}

}  // namespace stator::json
