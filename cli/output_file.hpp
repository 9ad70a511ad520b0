#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace ktape::cli {

// Writes it aside and renames it: whoever waits for the file never sees half of it.
Result<void> write_whole_file(const std::string& path, std::string_view text);

}  // namespace ktape::cli
