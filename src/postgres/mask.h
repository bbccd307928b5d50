#pragma once

#include <string>
#include <string_view>

namespace stator::postgres {

/// The text with every password replaced by `***`: in URLs (`scheme://user:secret@`), in URL parameters and keyword
/// strings (`password=secret`, `sslpassword='se cret'`), and in SQL literals after the word PASSWORD.
/// A literal becomes as many `*` as it has characters, so that positions in the statement stay correct.
std::string mask_passwords(std::string_view text);

}  // namespace stator::postgres
