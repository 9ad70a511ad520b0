#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/protocol/spot_v2/classify.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "core/protocol/spot_v2/request.hpp"
#include "tests/support/both_paths.hpp"
#include "tests/support/private_facts.hpp"

namespace {

void compare_private(std::string_view text) {
  const auto expected = ktape::test::facts_of_json(text);
  if (!expected) return;
  static ktape::spot_v2::SpotV2Codec codec;
  ktape::test::FactsOfEvents told;
  codec.decode(text, told);
  if (!told.understood() || told.facts() == *expected) return;
  std::fprintf(stderr, "the codec and the DOM differ.\ncodec:\n%sDOM:\n%s", told.facts().c_str(), expected->c_str());
  std::abort();
}

// What is read as a request is written and read again as the same one.
void compare_request(std::string_view text) {
  const ktape::spot_v2::SpotV2Codec codec;
  const auto request = codec.decode_request(text);
  if (!request) return;
  const std::string written = codec.encode(*request);
  const auto again = codec.decode_request(written);
  if (again && codec.encode(*again) == written) return;
  std::fprintf(stderr, "not read back: %s\n", written.c_str());
  std::abort();
}

}  // namespace

// No text hurts the codec, its two paths tell the same of each, and of private messages it tells what a DOM finds
// there.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static ktape::test::BothPaths paths;
  paths.decode(text);
  if (!paths.agree()) {
    std::fprintf(stderr, "the paths differ.\nfast:\n%sRapidJSON:\n%s", paths.fast_events().c_str(),
                 paths.reference_events().c_str());
    std::abort();
  }
  using ktape::spot_v2::Host;
  for (const Host host : {Host::Any, Host::Public, Host::Private, Host::Level3}) {
    static_cast<void>(ktape::spot_v2::to_request(ktape::spot_v2::parse_request(text, host)));
  }
  compare_private(text);
  compare_request(text);
  static_cast<void>(ktape::spot_v2::classify(text));
  return 0;
}
