#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace ktape {

// Messages that Kraken really sent, which are not part of the repository: the folder that KTAPE_CAPTURES names. A test
// that needs them skips, visibly, where it is not set.
inline std::optional<std::filesystem::path> captures() {
  const char* const folder = std::getenv("KTAPE_CAPTURES");
  if (folder == nullptr || *folder == '\0') return std::nullopt;
  return std::filesystem::path(folder);
}

#define KTAPE_REQUIRE_CAPTURES() \
  if (!::ktape::captures()) GTEST_SKIP() << "KTAPE_CAPTURES does not name the folder with real captures"

}  // namespace ktape
