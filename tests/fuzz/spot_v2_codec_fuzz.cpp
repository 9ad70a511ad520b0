#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "core/protocol/spot_v2/classify.hpp"
#include "core/protocol/spot_v2/request.hpp"
#include "tests/support/both_paths.hpp"

// No text hurts the codec, and its two paths tell the same of each.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static ktape::test::BothPaths paths;
  paths.decode(text);
  if (!paths.agree()) {
    std::fprintf(stderr, "the paths differ.\nfast:\n%sRapidJSON:\n%s", paths.fast_events().c_str(),
                 paths.reference_events().c_str());
    std::abort();
  }
  static_cast<void>(ktape::spot_v2::to_request(ktape::spot_v2::parse_request(text)));
  static_cast<void>(ktape::spot_v2::classify(text));
  return 0;
}
