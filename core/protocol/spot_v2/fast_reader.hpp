#pragma once

#include <string>
#include <string_view>

#include "core/base/time.hpp"
#include "core/protocol/spot_v2/event_batch.hpp"

namespace ktape::spot_v2 {

// A scanner for the messages that come by the thousand, exactly as Kraken prints them: book, trade, ticker and
// heartbeat, keys in its order, no whitespace, no escapes, numbers of at most 18 digits without exponent, microseconds.
// It says no to anything else, which is then RapidJSON's, and never says yes to a text that RapidJSON would read
// differently.
class FastReader {
 public:
  // Whether it read the text; if not, the batch is of no use.
  bool read(std::string_view text, EventBatch& batch);

 private:
  class Scanner;

  // The second that the last timestamp lay in: most that follow differ from it in the microseconds only.
  std::string second_text_ = "1970-01-01T00:00:00";
  Timestamp second_{};
};

}  // namespace ktape::spot_v2
