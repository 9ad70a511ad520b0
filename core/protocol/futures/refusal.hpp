#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ktape::futures {

// What Kraken objects to in a request (futures-v1 section 3.5).
enum class Problem : std::uint8_t {
  Malformed,     // no JSON object, no event that it knows, a member of a wrong type
  BadChallenge,  // a challenge without a key
  InvalidFeed,
  InvalidProduct,
  AlreadySubscribed,  // which stands: the data is asked for again
  NotSubscribed,
  NotAuthenticated,  // no signature, a wrong one, or one of another connection
};

// The texts that were observed, or those of the documentation, which has none for the last three.
enum class RefusalForm : std::uint8_t { Observed, Documented };

struct Refusal {
  std::string_view event{};  // alert or error
  std::string message{};
};

// `product` matters for InvalidProduct only.
Refusal refusal_of(Problem problem, std::string_view product = {}, RefusalForm form = RefusalForm::Observed);

}  // namespace ktape::futures
