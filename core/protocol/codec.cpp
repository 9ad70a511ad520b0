#include "core/protocol/codec.hpp"

namespace ktape {

std::string_view to_string(Method method) {
  switch (method) {
    case Method::Subscribe:
      return "subscribe";
    case Method::Unsubscribe:
      return "unsubscribe";
    case Method::Ping:
      return "ping";
  }
  return "unknown";
}

std::string_view to_string(Channel channel) {
  switch (channel) {
    case Channel::Book:
      return "book";
    case Channel::Trade:
      return "trade";
    case Channel::Ticker:
      return "ticker";
    case Channel::Ohlc:
      return "ohlc";
    case Channel::Instrument:
      return "instrument";
  }
  return "unknown";
}

}  // namespace ktape
