#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/attribute_value.h"
#include "expression/expression.h"

namespace stator::engine {

/// An export's FilterSpecification: which items are exported, and which of their attributes.
class ExportFilter {
 public:
  /// `specification` is the JSON object of the request. Throws ApiError ValidationException with Query's messages.
  ExportFilter(std::string_view specification, const core::KeySchema& schema);

  [[nodiscard]] bool matches(std::string_view item_json) const;
  /// Appends the projected attributes as a JSON object.
  void append(std::string_view item_json, std::string& out) const;

 private:
  const core::KeySchema schema_;
  std::optional<expression::KeyRange> keys_;
  std::optional<expression::Condition> filter_;
  std::optional<expression::Projection> projection_;
};

}  // namespace stator::engine
