#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/protocol/dialect.hpp"
#include "core/wire/frame.hpp"
#include "exchange/feed.hpp"
#include "exchange/futures_products.hpp"

namespace ktape {

// What can be known of a recording before it is played: who serves it needs that from the beginning on.
struct RecordingSurvey {
  std::vector<Feed> feeds;                                // every feed that it acknowledges
  FuturesProducts products;                               // Futures: by their first books and tickers
  std::map<std::string, int, std::less<>> level3_depths;  // Spot v2: of each level3 book, by its first snapshot
  std::optional<Timestamp> first_at, last_at;
};

// Reads the source to its end. `dialect`: of its messages.
Result<RecordingSurvey> survey_recording(FrameSource& source, Dialect dialect);

}  // namespace ktape
