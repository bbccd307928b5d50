#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace stator::core {

/// Standard base64 with padding, as the wire uses it.
void base64_append(std::string_view bytes, std::string& out);
std::string base64_encode(std::string_view bytes);
/// Decodes; nullopt where the text is not strict base64 (length, alphabet, padding, stray last bits).
std::optional<std::string> base64_decode(std::string_view text);
/// How many bytes base64_decode would give, without decoding; nullopt where it would refuse the text.
std::optional<std::size_t> base64_decoded_size(std::string_view text);
/// The same for a text that is known to be strict base64.
std::size_t base64_size(std::string_view checked_text);
/// What the service says about a text that base64_decode refuses (message of a SerializationException).
std::string base64_complaint(std::string_view text);

}  // namespace stator::core
