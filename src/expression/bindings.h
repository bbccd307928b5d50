#pragma once

#include <boost/container/small_vector.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "core/attribute_value.h"
#include "json/item.h"
#include "json/reader.h"

namespace stator::expression {

/// A value of the request. Expressions share it: one that names a value of megabytes a thousand times holds it once.
using SharedValue = std::shared_ptr<const core::AttributeValue>;

/// ExpressionAttributeNames and ExpressionAttributeValues of one request, and which of them were used.
class Bindings {
 public:
  Bindings() = default;
  /// Either may be null (absent). Checks what the service checks of the maps alone (empty maps, "#"/":" syntax of
  /// their keys, the values themselves) and throws its ValidationException. By the older rules a fault of a value comes
  /// with the parameter and the placeholder named.
  Bindings(const json::Object* names, const json::Object* values, const json::ValueRules& rules = json::kCurrentRules);

  /// The attribute name of "#n" / the value of ":v", marked as used; null where undefined.
  const std::string* name(std::string_view placeholder);
  SharedValue value(std::string_view placeholder);

  /// Throws ValidationException "Value provided in ExpressionAttributeNames unused in expressions: keys: {#n}"
  /// (…Values likewise) when one was never asked for. Called once, after every expression of the request was bound.
  void check_all_used() const;

  template <class T>
  struct Entry {
    std::string placeholder;
    T bound;
    bool used = false;
  };

 private:
  // Small maps are searched from end to end; large ones are sorted first.
  boost::container::small_vector<Entry<std::string>, 4> names_;
  boost::container::small_vector<Entry<SharedValue>, 4> values_;
};

}  // namespace stator::expression
