#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Items as Amazon Ion text, as the service's exports have them: strings, booleans, decimals, blobs, nulls, lists and
/// structs; sets are lists under an annotation ($dynamodb_SS, $dynamodb_NS, $dynamodb_BS). Spelt as ion-java's writer
/// spells it. Source: Developer Guide, "DynamoDB table export output format".
namespace stator::engine {

/// Stands before each value of a file.
inline constexpr std::string_view kIonVersion = "$ion_1_0 ";

/// Appends the attributes as a struct. Throws core::DamageError.
void append_ion_item(std::string_view stored_json, std::string& out);
/// A decimal out of DynamoDB's canonical text: "2000" is 2d3.
void append_ion_decimal(std::string_view canonical, std::string& out);

}  // namespace stator::engine
