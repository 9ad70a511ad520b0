#pragma once

#include <string_view>

#include "core/session/session_info.hpp"

namespace ktape {

// What a recording that was made out of another says about itself. `how` tells what was done, for people; the same
// origin and the same `how` give the same identity, so that the same command gives the same bytes.
SessionInfo derived_info(const SessionInfo& origin, std::string_view how);

}  // namespace ktape
