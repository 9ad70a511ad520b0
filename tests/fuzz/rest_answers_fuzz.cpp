#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "rest/answers.hpp"
#include "rest/envelope.hpp"
#include "tests/support/rest_answers_text.hpp"

// No answer hurts a reader, whichever is given it; what is told of it is told again the same; and what is wrong in an
// answer with a token is told without one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const char* method :
       {"Time", "SystemStatus", "Assets", "AssetPairs", "OHLC", "Trades", "Depth", "GetWebSocketsToken"}) {
    const std::string told = ktape::test::rest_answer_text(method, body);
    if (told != ktape::test::rest_answer_text(method, body)) {
      std::fprintf(stderr, "%s: told differently the second time\n", method);
      std::abort();
    }
  }
  ktape::JsonTape tape;
  const auto envelope = ktape::rest::read_envelope(tape, body);
  if (!envelope || envelope->result == nullptr) return 0;
  const auto token = ktape::rest::read_token(*envelope->result);
  if (!token && token.error().detail != "GetWebSocketsToken: no token that is text" &&
      token.error().detail != "GetWebSocketsToken: no expires that is a number of seconds") {
    std::fprintf(stderr, "an error about a token that may show it: %s\n", token.error().detail.c_str());
    std::abort();
  }
  return 0;
}
