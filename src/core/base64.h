#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace stator::core {

/// Standard base64 with padding, as the wire uses it.
void base64_append(std::string_view bytes, std::string& out);
std::string base64_encode(std::string_view bytes);
/// Decodes; nullopt if the text is not strict base64 (length, alphabet, padding, stray last bits).
std::optional<std::string> base64_decode(std::string_view text);
/// The size of base64_decode's result, without decoding; nullopt if base64_decode would refuse the text.
std::optional<std::size_t> base64_decoded_size(std::string_view text);
/// The same for a text known to be strict base64.
std::size_t base64_size(std::string_view checked_text);
/// The service's message (of a SerializationException) for a text that base64_decode refuses.
std::string base64_complaint(std::string_view text);

}  // namespace stator::core
