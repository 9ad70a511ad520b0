#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/spot_v1/classify.hpp"
#include "core/protocol/spot_v1/codec.hpp"
#include "core/protocol/spot_v1/request.hpp"
#include "tests/support/spot_v1_facts.hpp"

namespace {

[[noreturn]] void differ(const char* what, const std::string& one, const std::string& other) {
  std::fprintf(stderr, "%s.\n%s\n%s\n", what, one.c_str(), other.c_str());
  std::abort();
}

}  // namespace

// No text hurts the codec; a DOM that knows nothing of it reads the same facts from each message that it understands;
// and a request that was understood means the same when it is said again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> exact(data, data + size);  // of exactly its size, so that a sanitizer notices a step too far
  const std::string_view text(exact.data(), exact.size());

  static ktape::spot_v1::SpotV1Codec codec;
  codec.reset();
  ktape::test::SpotV1Facts told;
  codec.decode(text, told);
  if (told.comparable()) {
    const auto found = ktape::test::facts_by_dom(text);
    if (!found || *found != told.lines()) differ("the facts differ", told.lines(), found.value_or("not understood"));
  }

  if (const auto request = codec.decode_request(text); request && codec.check(*request)) {
    const std::string said = codec.encode(*request);
    const auto again = codec.decode_request(said);
    const std::string repeated = again ? codec.encode(*again) : again.error().detail;
    if (repeated != said) differ("the request differs", said, repeated);
  }
  static_cast<void>(ktape::spot_v1::parse_request(text, ktape::spot_v1::Host::Public));
  static_cast<void>(ktape::spot_v1::parse_request(text, ktape::spot_v1::Host::Private));
  static_cast<void>(ktape::spot_v1::classify(text));
  return 0;
}
