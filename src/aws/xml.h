#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stator::aws {

/// The text of the first element of that name, at any depth, with entities resolved; nullopt where there is none.
/// Enough for the flat replies of AWS's Query APIs; namespaces and attributes are ignored.
std::optional<std::string> xml_text(std::string_view xml, std::string_view element);

}  // namespace stator::aws
