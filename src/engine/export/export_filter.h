#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/attribute_value.h"
#include "expression/expression.h"

namespace stator::engine {

/// Which items an export has, and what of them: its FilterSpecification, bound.
class ExportFilter {
 public:
  /// `specification` is the JSON object of the request. Throws ApiError ValidationException in the words of Query.
  ExportFilter(std::string_view specification, const core::KeySchema& schema);

  [[nodiscard]] bool matches(std::string_view item_json) const;
  /// Appends the attributes that are wanted, as a JSON object.
  void append(std::string_view item_json, std::string& out) const;

 private:
  const core::KeySchema schema_;
  std::optional<expression::KeyRange> keys_;
  std::optional<expression::Condition> filter_;
  std::optional<expression::Projection> projection_;
};

}  // namespace stator::engine
