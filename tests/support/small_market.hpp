#pragma once

#include <memory>
#include <string>

#include "core/base/virtual_clock.hpp"
#include "core/protocol/spot_v2/server_encode.hpp"
#include "hosts/kraken_hosts.hpp"
#include "replay/playback_exchange.hpp"
#include "tests/support/fixed_market.hpp"
#include "tests/support/scripted_rest.hpp"
#include "tests/support/tape.hpp"

namespace ktape::test {

// A short recording of BTC/USD, with all that REST is made from: an instrument message, a book of three levels a side,
// trades 100 to 109 a second apart, a ticker and two candles; it ends after ten minutes. And an account.
struct SmallMarket {
  static inline const Timestamp kStart = parse_rfc3339("2026-09-01T08:00:00Z").value();

  static Tape tape() {
    Tape out;
    const auto subscribed = [&](std::string_view result) {
      out.hear(
          kStart,
          R"({"method":"subscribe","result":{"channel":)" + std::string(result) +
              R"(},"success":true,"time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"})");
    };
    out.add(kStart, FrameKind::Opened, "wss://ws.kraken.com/v2");
    out.hear(
        kStart,
        R"({"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":1}]})");
    subscribed(R"("instrument","snapshot":true)");
    out.hear(
        kStart,
        R"({"channel":"instrument","type":"snapshot","data":{"assets":[{"id":"BTC","status":"enabled","precision":10,"precision_display":5,"borrowable":true,"collateral_value":0.980,"class":"currency","margin_rate":0.010000},{"id":"USD","status":"enabled","precision":4,"precision_display":2,"borrowable":false,"collateral_value":1.000,"class":"currency"}],"pairs":[{"symbol":"BTC/USD","base":"BTC","quote":"USD","status":"online","qty_precision":8,"qty_increment":0.00000001,"price_precision":1,"cost_precision":5,"marginable":false,"has_index":true,"cost_min":0.50,"tick_size":0.1,"price_increment":0.1,"qty_min":0.00005000}]}})");
    subscribed(R"("book","depth":10,"snapshot":true,"symbol":"BTC/USD")");
    const Level bids[] = {{decimal("63000.0"), decimal("0.50000000")},
                          {decimal("62999.9"), decimal("1.00000000")},
                          {decimal("62990.0"), decimal("2.00000000")}};
    const Level asks[] = {{decimal("63000.1"), decimal("0.10000000")},
                          {decimal("63001.0"), decimal("1.23456789")},
                          {decimal("63002.0"), decimal("3.00000000")}};
    BookSnapshot book;
    book.symbol = "BTC/USD";
    book.bids = bids;
    book.asks = asks;
    std::string text;
    spot_v2::append_book(text, book);
    out.hear(kStart, text);
    subscribed(R"("trade","snapshot":false,"symbol":"BTC/USD")");
    subscribed(R"("ticker","event_trigger":"trades","snapshot":true,"symbol":"BTC/USD")");
    Ticker ticker;
    ticker.symbol = "BTC/USD";
    ticker.snapshot = true;
    ticker.bid = bids[0].price;
    ticker.bid_quantity = bids[0].quantity;
    ticker.ask = asks[0].price;
    ticker.ask_quantity = asks[0].quantity;
    ticker.last = decimal("63000.1");
    ticker.volume = decimal("1234.00000000");
    ticker.vwap = decimal("62500.5");
    ticker.low = decimal("62000.0");
    ticker.high = decimal("63500.0");
    ticker.change = decimal("100.1");
    ticker.change_percent = decimal("0.16");
    text.clear();
    spot_v2::append_ticker(text, ticker);
    out.hear(kStart, text);
    for (int i = 0; i < 10; ++i) {
      Trade trade;
      trade.symbol = "BTC/USD";
      trade.side = i % 2 == 0 ? Side::Buy : Side::Sell;
      trade.price = decimal(i % 2 == 0 ? "63000.1" : "63000.0");
      trade.quantity = decimal("0.01000000");
      trade.trade_id = 100 + i;
      trade.exchange_time = kStart + std::chrono::seconds(i + 1);
      text.clear();
      spot_v2::append_trades(text, {&trade, 1}, false);
      out.hear(trade.exchange_time, text);
    }
    out.hear(kStart + std::chrono::minutes(10), R"({"channel":"heartbeat"})");
    return out;
  }

  static std::vector<hosts::Account> accounts() {
    std::vector<hosts::Account> all(1);
    all[0].terms.name = "alice";
    all[0].terms.balances = {{"BTC", decimal("1.5")}, {"USD", decimal("10000")}};
    all[0].keys.push_back({example_credentials()});
    return all;
  }

  static PlaybackOptions options() {
    PlaybackOptions out;
    out.at_end = PlaybackEnd::RestartOnAttach;
    out.generate_heartbeats = true;
    return out;
  }

  explicit SmallMarket(std::vector<hosts::Account> with = accounts())
      : playback(PlaybackExchange::create(
                     clock, [] { return Result<std::unique_ptr<FrameSource>>(tape().source()); }, options())
                     .value()),
        kraken(clock, *playback,
               {.accounts = std::move(with),
                .watch = {.feeds = {Feed::instrument(), Feed::book("BTC/USD", 10), Feed::trade("BTC/USD"),
                                    Feed::ticker("BTC/USD")}},
                .market_ended = [this] { return playback->ended(); }}) {}

  VirtualClock clock{kStart};
  std::unique_ptr<PlaybackExchange> playback;
  hosts::KrakenHosts kraken;
};

}  // namespace ktape::test
