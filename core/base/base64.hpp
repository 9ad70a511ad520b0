#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace ktape {

// The standard alphabet with padding (RFC 4648 section 4).
std::string base64_encode(std::string_view bytes);

// Takes exactly what base64_encode() writes. Secrets are handed around in this form, so errors tell what is wrong and
// never show the text.
Result<std::string> base64_decode(std::string_view text);

}  // namespace ktape
