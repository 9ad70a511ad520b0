// No bytes hurt the search for secrets, and what the quick look lets pass holds none.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/assert.hpp"
#include "core/session/secret_finder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  const auto found = ktape::find_secrets(payload);
  KTAPE_ASSERT(found.empty() || ktape::may_hold_secrets(payload), "the quick look overlooks a secret");
  std::size_t end = 0;
  for (const ktape::SecretRange& range : found) {
    KTAPE_ASSERT(end <= range.begin && range.begin < range.end && range.end <= size, "in order and without overlap");
    end = range.end;
  }
  return 0;
}
