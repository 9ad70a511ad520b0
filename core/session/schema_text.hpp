#pragma once

#include <string_view>

namespace ktape {

// The text of session.capnp, which every recording carries; one of version 1.0 as it was then, to the byte.
extern const std::string_view kSessionSchemaText;
extern const std::string_view kSessionSchemaText10;

}  // namespace ktape
