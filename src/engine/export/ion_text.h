#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Items as Amazon Ion text, as in the service's exports: strings, booleans, decimals, blobs, nulls, lists and structs;
/// sets are lists with an annotation ($dynamodb_SS, $dynamodb_NS, $dynamodb_BS). Formatted like the output of ion-java.
/// Source: Developer Guide, "DynamoDB table export output format".
namespace stator::engine {

/// The version marker before each value of a file.
inline constexpr std::string_view kIonVersion = "$ion_1_0 ";

/// Appends the attributes as a struct. Throws core::DamageError.
void append_ion_item(std::string_view stored_json, std::string& out);
/// Appends a decimal from DynamoDB's canonical text: "2000" becomes 2d3.
void append_ion_decimal(std::string_view canonical, std::string& out);

}  // namespace stator::engine
