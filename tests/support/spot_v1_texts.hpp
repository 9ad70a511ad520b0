#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/protocol/spot_v1/server_encode.hpp"

namespace ktape::test {

struct SpotV1Encoder {
  static constexpr std::uint64_t kChannel = 1;
  std::string& out;
  bool operator()(const BookSnapshot& book) const { return spot_v1::append_book(out, kChannel, 10, book), true; }
  bool operator()(const BookUpdate& book) const {
    if (book.bids.empty() && book.asks.empty()) return false;
    return spot_v1::append_book(out, kChannel, 10, book), true;
  }
  bool operator()(const Trade& trade) const { return spot_v1::append_trades(out, kChannel, {&trade, 1}), true; }
  bool operator()(const Ticker& ticker) const { return spot_v1::append_ticker(out, kChannel, ticker, {}), true; }
  bool operator()(const Spread& spread) const { return spot_v1::append_spread(out, kChannel, spread), true; }
  bool operator()(const Candle& candle) const { return spot_v1::append_ohlc(out, kChannel, candle), true; }
  bool operator()(const StatusChange& status) const { return spot_v1::append_status(out, status), true; }
  bool operator()(const Heartbeat&) const { return spot_v1::append_heartbeat(out), true; }
  bool operator()(const Reply& reply) const { return spot_v1::append_reply(out, reply), true; }
  bool operator()(const TradingReply& reply) const { return spot_v1::append_trading_reply(out, reply), true; }
  bool operator()(const FillReports& fills) const { return spot_v1::append_own_trades(out, fills), true; }
  bool operator()(const OrderReports& orders) const { return spot_v1::append_open_orders(out, orders), true; }
  template <class Other>
  bool operator()(const Other&) const {
    return false;
  }
};

// Says an event as v1's server would, so that it can be read again. A book does not know its depth, nor any event the
// number of its channel: they are 10 and 1. Nothing for what v1 never sends.
inline std::optional<std::string> spot_v1_text(const Event& event) {
  std::string out;
  if (!std::visit(SpotV1Encoder{out}, event)) return std::nullopt;
  return out;
}

}  // namespace ktape::test
