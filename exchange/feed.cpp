#include "exchange/feed.hpp"

#include <fmt/format.h>

namespace ktape {

std::string Feed::text() const {
  switch (channel) {
    case Channel::Book:
      return fmt::format("book {} depth {}", symbol, depth);
    case Channel::Ohlc:
      return fmt::format("ohlc {} {}m", symbol, interval_minutes);
    case Channel::Ticker:
      return fmt::format("ticker {} on {}", symbol, event_trigger);
    case Channel::Trade:
      return fmt::format("trade {}", symbol);
    case Channel::Instrument:
      break;
  }
  return "instrument";
}

}  // namespace ktape
