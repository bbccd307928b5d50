#pragma once

#include <boost/container/small_vector.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "core/attribute_value.h"
#include "json/item.h"
#include "json/reader.h"

namespace stator::expression {

/// A value of the request. Expressions share it, so a value of megabytes that is named a thousand times is stored once.
using SharedValue = std::shared_ptr<const core::AttributeValue>;

/// ExpressionAttributeNames and ExpressionAttributeValues of one request; records which of them are used.
class Bindings {
 public:
  Bindings() = default;
  /// Either may be null (absent). Makes the service's checks that concern only the maps (empty maps, "#"/":" syntax of
  /// their keys, the values themselves) and throws its ValidationException. By the older rules, the error for a value
  /// names the parameter and the placeholder.
  Bindings(const json::Object* names, const json::Object* values, const json::ValueRules& rules = json::kCurrentRules);

  /// Returns the attribute name of "#n" / the value of ":v" and marks it as used; null if it is undefined.
  const std::string* name(std::string_view placeholder);
  SharedValue value(std::string_view placeholder);

  /// Throws ValidationException "Value provided in ExpressionAttributeNames unused in expressions: keys: {#n}" (…Values
  /// likewise) if one was never asked for. Call this once, after every expression of the request was bound.
  void check_all_used() const;

  template <class T>
  struct Entry {
    std::string placeholder;
    T bound;
    bool used = false;
  };

 private:
  // Small maps are searched linearly; large ones are sorted first.
  boost::container::small_vector<Entry<std::string>, 4> names_;
  boost::container::small_vector<Entry<SharedValue>, 4> values_;
};

}  // namespace stator::expression
