#include "json/item.h"

#include <algorithm>

#include "core/damage_error.h"
#include "json/stored.h"
#include "json/writer.h"

namespace stator::json {
namespace {

/// Up to this many attributes, a linear search is as fast as anything else.
constexpr std::size_t kFewAttributes = 16;
/// An index pays off only if an item is searched more often than this.
constexpr std::size_t kFewSearches = 4;

/// The stored form of a name, without quotes. Canonical escapes are deterministic, so comparing stored forms compares
/// names. `buffer` holds the result if it differs from the name.
std::string_view escaped(std::string_view name, std::string& buffer) {
  const bool plain = std::none_of(name.begin(), name.end(),
                                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; });
  if (plain) {
    return name;
  }
  buffer.clear();
  append_string(name, buffer);
  return std::string_view(buffer).substr(1, buffer.size() - 2);
}

}  // namespace

std::string escaped_name(std::string_view name) {
  std::string buffer;
  return std::string(escaped(name, buffer));
}

std::string_view find_attribute(std::string_view stored_json, std::string_view name) {
  std::string buffer;
  const std::string_view wanted = escaped(name, buffer);
  StoredReader reader(stored_json);
  reader.expect('{');
  if (reader.accept('}')) return {};
  do {
    const bool found = reader.raw_string() == wanted;
    reader.expect(':');
    const std::string_view value = reader.raw_value();
    if (found) return value;
  } while (reader.accept(','));
  return {};
}

Item::Item(std::string_view stored_json) : stored_json_(stored_json), unlocated_(stored_json) {
  unlocated_->expect('{');
  if (unlocated_->accept('}')) end_of_stored();
}

bool Item::locate_next() const {
  if (!unlocated_) return false;
  const std::string_view escaped_name = unlocated_->raw_string();
  unlocated_->expect(':');
  const std::string_view stored_value = unlocated_->raw_value();
  Attribute& attribute = attributes_.emplace_back();
  attribute.escaped_name = escaped_name;
  attribute.stored_value = stored_value;
  ++count_;
  if (!unlocated_->accept(',')) {
    unlocated_->expect('}');
    end_of_stored();
  }
  return true;
}

void Item::end_of_stored() const {
  if (!unlocated_->at_end()) throw core::DamageError("bytes follow the JSON of a stored item");
  unlocated_.reset();
}

void Item::build_index() const {
  locate_all();
  index_.resize(attributes_.size());
  for (std::uint32_t i = 0; i < index_.size(); ++i) {
    index_[i] = i;
  }
  std::sort(index_.begin(), index_.end(), [&](std::uint32_t a, std::uint32_t b) {
    return attributes_[a].escaped_name < attributes_[b].escaped_name;
  });
}

Item::Attribute* Item::locate_escaped(std::string_view escaped_name) const {
  if (index_.empty() && attributes_.size() > kFewAttributes && ++searches_ > kFewSearches) {
    build_index();
  }
  if (!index_.empty()) {
    const auto name_of = [&](std::uint32_t i) { return attributes_[i].escaped_name; };
    const auto at = std::ranges::lower_bound(index_, escaped_name, {}, name_of);
    if (at != index_.end() && name_of(*at) == escaped_name) return &attributes_[*at];
    const auto added = added_index_.find(escaped_name);
    return added == added_index_.end() ? nullptr : &attributes_[added->second];
  }
  for (Attribute& attribute : attributes_) {
    if (attribute.escaped_name == escaped_name) {
      return &attribute;
    }
  }
  while (locate_next()) {
    if (attributes_.back().escaped_name == escaped_name) return &attributes_.back();
  }
  return nullptr;
}

Item::Attribute* Item::locate(std::string_view name) const {
  std::string buffer;
  return locate_escaped(escaped(name, buffer));
}

core::AttributeValue& Item::parse(Attribute& attribute) const {
  if (!attribute.parsed) {
    attribute.parsed = std::make_unique<core::AttributeValue>(parse_stored(attribute.stored_value));
  }
  return *attribute.parsed;
}

const core::AttributeValue* Item::find(std::string_view name) const {
  Attribute* attribute = locate(name);
  return attribute == nullptr || attribute->removed ? nullptr : &parse(*attribute);
}

core::AttributeValue* Item::find_mutable(std::string_view name) {
  Attribute* attribute = locate(name);
  if (attribute == nullptr || attribute->removed) {
    return nullptr;
  }
  core::AttributeValue& value = parse(*attribute);
  attribute->changed = true;
  changed_ = true;
  return &value;
}

void Item::set(std::string_view name, core::AttributeValue value) {
  std::string buffer;
  const std::string_view escaped_name = escaped(name, buffer);
  Attribute* attribute = locate_escaped(escaped_name);
  if (attribute == nullptr) {
    owned_names_.emplace_back(escaped_name);
    if (!index_.empty()) {
      added_index_.emplace(owned_names_.back(), static_cast<std::uint32_t>(attributes_.size()));
    }
    attributes_.emplace_back();
    attribute = &attributes_.back();
    attribute->escaped_name = owned_names_.back();
    attribute->removed = true;
  }
  if (attribute->removed) {
    attribute->removed = false;
    ++count_;
  }
  attribute->parsed = std::make_unique<core::AttributeValue>(std::move(value));
  attribute->changed = true;
  changed_ = true;
}

bool Item::remove(std::string_view name) {
  Attribute* attribute = locate(name);
  if (attribute == nullptr || attribute->removed) {
    return false;
  }
  attribute->removed = true;
  attribute->parsed.reset();
  changed_ = true;
  --count_;
  return true;
}

void Item::append_attribute_value(const Attribute& attribute, std::string& out) {
  if (attribute.changed) {
    append_value(*attribute.parsed, out);
  } else {
    out += attribute.stored_value;
  }
}

bool Item::append_attribute(std::string_view name, std::string& out) const {
  const Attribute* attribute = locate(name);
  if (attribute == nullptr || attribute->removed) {
    return false;
  }
  append_attribute_value(*attribute, out);
  return true;
}

void Item::append_json(std::string& out) const {
  if (!changed_) {
    out += stored_json_;
    return;
  }
  locate_all();
  out += '{';
  bool first = true;
  for (const Attribute& attribute : attributes_) {
    if (attribute.removed) {
      continue;
    }
    out += first ? "\"" : ",\"";
    first = false;
    (out += attribute.escaped_name) += "\":";
    append_attribute_value(attribute, out);
  }
  out += '}';
}

std::size_t Item::size_bytes() const {
  locate_all();
  std::size_t size = 0;
  for (const Attribute& attribute : attributes_) {
    if (!attribute.removed) {
      size += unescaped_size(attribute.escaped_name);
      size +=
          attribute.changed ? attribute.parsed->size_bytes() : StoredReader(attribute.stored_value).value_size_bytes();
    }
  }
  return size;
}

bool Item::holds_same(const Item& other) const {
  if (attribute_count() != other.attribute_count()) return false;
  for (Attribute& attribute : attributes_) {
    if (attribute.removed) continue;
    Attribute* theirs = other.locate_escaped(attribute.escaped_name);
    if (theirs == nullptr || theirs->removed) return false;
    const bool both_stored = !attribute.changed && !theirs->changed;
    if (both_stored && attribute.stored_value == theirs->stored_value) continue;
    if (parse(attribute) != other.parse(*theirs)) return false;
  }
  return true;
}

}  // namespace stator::json
