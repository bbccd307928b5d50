#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stator::aws {

/// The text of the first element with that name, at any depth, with entities resolved; nullopt if there is none. Enough
/// for the flat replies of AWS's Query APIs; ignores namespaces and attributes.
std::optional<std::string> xml_text(std::string_view xml, std::string_view element);

}  // namespace stator::aws
