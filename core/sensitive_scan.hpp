#pragma once

/// \file sensitive_scan.hpp
/// Finds addresses and secrets inside free text and masks them where they stand. Pure functions,
/// linear in the text, safe to apply again to their own result.

#include <string>
#include <string_view>

namespace townkrier {

/// Letters, digits, '.', '-' and whatever is beyond ASCII: what an e-mail domain is made of.
bool is_domain_character(char c);

/// Valid UTF-8 without control characters (they become spaces).
std::string to_printable(std::string_view text);

/// E-mail addresses, phone numbers (7 digits or more, with the usual separators), credentials in
/// URLs, values after words like "password=" or "Bearer ", and long random-looking tokens are
/// masked. Dates and IPv4 addresses stay. `text` must be printable (see above).
std::string mask_sensitive(std::string_view text);

}  // namespace townkrier
