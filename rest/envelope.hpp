#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/protocol/json_tape.hpp"

namespace ktape::rest {

// What every answer of Kraken's REST is (rest section 1): it failed if an error begins with E, whatever else it holds.
struct Envelope {
  const JsonNode* result = nullptr;   // an Object, of the tape; null if the answer has none
  std::vector<std::string> errors;    // Kraken's words, without spaces behind colons
  std::vector<std::string> warnings;  // begin with W
};

// The nodes hold until the tape's next text. An answer without an error and without a result is one that fails to
// parse.
Result<Envelope> read_envelope(JsonTape& tape, std::string_view body);

// "EService: Throttled: 1788249605" is "EService:Throttled:1788249605": the documentation writes both.
std::string without_spaces_behind_colons(std::string_view text);

enum class Retry : std::uint8_t {
  Never,       // the same request will be refused again
  Later,       // too many, too fast, or the service is away
  FreshNonce,  // at once
};

// What to do about an error (rest section 14), and what kind of error it is for callers. `text` without spaces.
Retry retry_of(std::string_view text);
Errc errc_of(std::string_view text);
// When a throttled client may come again.
std::optional<Timestamp> throttled_until(std::string_view text);

}  // namespace ktape::rest
