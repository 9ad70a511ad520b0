#pragma once

#include <memory>
#include <string>

#include "core/protocol/dialect.hpp"
#include "recorder/recording.hpp"

namespace ktape {

// A live recording with everything as it usually is: an identity of its own, secrets left out, the writer named
// `writer`. `clock` outlives it.
Result<std::unique_ptr<Recording>> new_recording(const std::string& path, Dialect dialect, const std::string& writer,
                                                 TimerService& clock);

}  // namespace ktape
