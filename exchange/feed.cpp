#include "exchange/feed.hpp"

#include <fmt/format.h>

namespace ktape {

std::string Feed::text() const {
  switch (channel) {
    case Channel::Book:
      if (depth == 0) break;
      return fmt::format("book {} depth {}", symbol, depth);
    case Channel::Level3:
      return fmt::format("level3 {} depth {}", symbol, depth);
    case Channel::Ohlc:
      return fmt::format("ohlc {} {}m", symbol, interval_minutes);
    case Channel::Ticker:
      if (event_trigger.empty()) break;
      return fmt::format("ticker {} on {}", symbol, event_trigger);
    case Channel::Trade:
      return fmt::format("trade {}", symbol);
    default:
      break;
  }
  return symbol.empty() ? std::string(to_string(channel)) : fmt::format("{} {}", to_string(channel), symbol);
}

}  // namespace ktape
