#pragma once

#include <compare>
#include <string>

#include "core/protocol/codec.hpp"

namespace ktape {

// One symbol's stream, as an exchange sees it. Its identity is all of it: the same book with another depth is another
// feed. A member that says nothing about the channel is zero or empty.
struct Feed {
  Channel channel = Channel::Book;
  std::string symbol;         // as in events; empty for instrument, and for heartbeat of Futures
  int depth = 0;              // book; of Futures 0, the whole book
  int interval_minutes = 0;   // ohlc
  std::string event_trigger;  // ticker of Spot v2

  // Whatever else tells feeds of the channel apart has its neutral value.
  static Feed of(Channel channel, std::string symbol) { return {channel, std::move(symbol), 0, 0, {}}; }
  static Feed book(std::string symbol, int depth) { return {Channel::Book, std::move(symbol), depth, 0, {}}; }
  static Feed trade(std::string symbol) { return {Channel::Trade, std::move(symbol), 0, 0, {}}; }
  static Feed ticker(std::string symbol, std::string event_trigger = "trades") {
    return {Channel::Ticker, std::move(symbol), 0, 0, std::move(event_trigger)};
  }
  static Feed ohlc(std::string symbol, int interval_minutes) {
    return {Channel::Ohlc, std::move(symbol), 0, interval_minutes, {}};
  }
  static Feed instrument() { return {Channel::Instrument, {}, 0, 0, {}}; }

  // For people: "book BTC/USD depth 10", "ohlc BTC/USD 5m", "instrument".
  std::string text() const;

  friend bool operator==(const Feed&, const Feed&) = default;
  friend auto operator<=>(const Feed&, const Feed&) = default;
};

}  // namespace ktape
