#pragma once

#include <cstdint>
#include <functional>

namespace ktape {

// Told now and then how much of a long work is done, in bytes of payload.
using WorkSoFar = std::function<void(std::uint64_t done)>;

}  // namespace ktape
