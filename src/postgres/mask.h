#pragma once

#include <string>
#include <string_view>

namespace stator::postgres {

/// The text with every password replaced by `***`: in URLs (`scheme://user:secret@`), in URL parameters and keyword
/// strings
/// (`password=secret`, `sslpassword='se cret'`), and SQL literals after the word PASSWORD (there as many `*` as the
/// literal has characters, so that positions in the statement still hold).
std::string mask_passwords(std::string_view text);

}  // namespace stator::postgres
