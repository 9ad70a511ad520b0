#pragma once

#include <string_view>

namespace ktape {

// The text of session.capnp, which every recording carries.
extern const std::string_view kSessionSchemaText;

}  // namespace ktape
