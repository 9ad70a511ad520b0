// A session of one Spot dialect played to clients of the other: at every instant they hold the recorded book, and every
// checksum fits.

#include "replay/translated_source.hpp"

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"
#include "core/protocol/dialect.hpp"
#include "core/protocol/spot_v2/server_encode.hpp"
#include "replay/playback_exchange.hpp"
#include "tests/support/dialect_markets.hpp"
#include "tests/support/exchange_driver.hpp"
#include "tests/support/tape.hpp"

namespace ktape {
namespace {

using std::chrono::milliseconds;

class Keeper final : public EventSink {
 public:
  explicit Keeper(Dialect dialect)
      : book(BookSpec{"BTC/USD", 10, std::nullopt, std::nullopt}), codec_(make_codec(dialect)) {}

  void hear(std::string_view text) { codec_->decode(text, *this); }
  void on_event(const Event& event) override {
    if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
      check(book.reset(*snapshot));
    } else if (const auto* update = std::get_if<BookUpdate>(&event)) {
      EXPECT_TRUE(update->checksum.has_value());
      check(book.apply(*update));
    } else if (const auto* spread = std::get_if<Spread>(&event)) {
      ++spreads;
      best_bid = spread->bid.text();
    } else if (const auto* reply = std::get_if<Reply>(&event)) {
      if (!reply->success) refused.push_back(std::string(reply->error));
    } else if (std::holds_alternative<Trade>(event)) {
      ++trades;
    } else if (const auto* unknown = std::get_if<UnknownMessage>(&event)) {
      ADD_FAILURE() << unknown->what;
    }
  }

  OrderBook book;
  int spreads = 0;
  int trades = 0;
  std::string best_bid;
  std::vector<std::string> refused;

 private:
  static void check(const Result<void>& done) { EXPECT_TRUE(done) << done.error().detail; }
  std::unique_ptr<Codec> codec_;
};

test::Tape record_spot_v2(std::uint64_t seed, Timestamp start) {
  test::Tape tape;
  test::BookMarket market(seed, "BTC/USD", 10, 14);
  auto at = start;
  tape.add(at, FrameKind::Opened, "wss://ws.kraken.com/v2");
  tape.hear(
      at,
      R"({"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":7}]})");
  for (const std::string feed :
       {R"("channel":"book","depth":10,)", R"("channel":"trade",)", R"("channel":"ticker",)"}) {
    tape.hear(at += milliseconds(1),
              R"({"method":"subscribe","result":{)" + feed + R"("snapshot":true,"symbol":"BTC/USD"},"success":true})");
  }
  tape.hear(at += milliseconds(60), market.snapshot(at));
  for (int i = 0; i < 300; ++i) {
    at += milliseconds(20);
    market.move();
    if (const auto text = market.update(at); !text.empty()) tape.hear(at, text);
    if (i % 10 == 0) {
      const Trade trade{"BTC/USD",
                        Side::Buy,
                        OrderType::Limit,
                        Decimal::parse("63000.1").value(),
                        Decimal::parse("0.01000000").value(),
                        i + 1,
                        at};
      std::string text;
      spot_v2::append_trades(text, {&trade, 1}, i == 0);
      tape.hear(at, text);
    }
  }
  return tape;
}

test::Tape record_spot_v1(std::uint64_t seed, Timestamp start) {
  test::Tape tape;
  test::SpotV1Market market(seed, 10, 14);
  auto at = start;
  tape.add(at, FrameKind::Opened, "wss://ws.kraken.com/");
  tape.hear(at, R"({"connectionID":7,"event":"systemStatus","status":"online","version":"1.9.1"})");
  tape.hear(
      at += milliseconds(1),
      R"({"channelID":464,"channelName":"book-10","event":"subscriptionStatus","pair":"XBT/USD","status":"subscribed","subscription":{"depth":10,"name":"book"}})");
  tape.hear(at += milliseconds(60), market.snapshot());
  for (int i = 0; i < 300; ++i) {
    market.move(at += milliseconds(20));
    if (const auto text = market.update(at); !text.empty()) tape.hear(at, text);
    if (i % 10 == 0)
      tape.hear(at, R"([337,[["63000.10000","0.01000000","1788249601.123456","b","l",""]],"trade","XBT/USD"])");
  }
  return tape;
}

class Translated : public testing::TestWithParam<std::uint64_t> {
 protected:
  void play(const test::Tape& tape, Dialect from, Dialect to) {
    SCOPED_TRACE(fmt::format("seed {}", GetParam()));
    VirtualClock clock(start);
    PlaybackOptions options;
    options.dialect = to;
    auto exchange = PlaybackExchange::create(
        clock,
        [&]() -> Result<std::unique_ptr<FrameSource>> {
          return std::make_unique<TranslatedSource>(tape.source(), from, to);
        },
        options);
    ASSERT_TRUE(exchange) << exchange.error().detail;
    test::ExchangeDriver driver(clock, **exchange);
    Keeper recorded(from);
    const auto middle = tape.entries.size() / 2;
    std::vector<ConnectionId> clients;
    std::vector<std::unique_ptr<Keeper>> keepers;
    for (std::size_t i = 0; i + 1 < tape.entries.size(); ++i) {
      if (i == 0 || i == middle) {
        clients.push_back(driver.connect());
        keepers.push_back(std::make_unique<Keeper>(to));
        for (const auto& text : requests) driver.say(clients.back(), text);
      }
      const auto& entry = tape.entries[i];
      driver.run_to(entry.at);
      if (entry.kind == FrameKind::Text) recorded.hear(entry.payload);
      if (tape.entries[i + 1].at == entry.at || recorded.book.state() != BookState::Live) continue;
      for (std::size_t k = 0; k < clients.size(); ++k) {
        for (const auto& text : driver.take(clients[k])) keepers[k]->hear(text);
        ASSERT_EQ(keepers[k]->book.state(), BookState::Live);
        ASSERT_TRUE(same(keepers[k]->book.bids(), recorded.book.bids())) << "frame " << i;
        ASSERT_TRUE(same(keepers[k]->book.asks(), recorded.book.asks())) << "frame " << i;
        if (to == Dialect::SpotV1) {
          ASSERT_EQ(keepers[k]->best_bid, recorded.book.bids().front().price.text());
        }
      }
    }
    first = std::move(keepers.front());
  }
  static bool same(LevelsView a, LevelsView b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Level& x, const Level& y) {
      return identical(x.price, y.price) && identical(x.quantity, y.quantity);
    });
  }

  const Timestamp start = parse_rfc3339("2026-09-01T08:00:00Z").value();
  std::vector<std::string> requests;
  std::unique_ptr<Keeper> first;  // what the client from the beginning made of it
};

TEST_P(Translated, ASessionOfSpotV2IsServedToClientsOfSpotV1) {
  for (const std::string name : {"book", "spread", "trade", "ticker"}) {
    requests.push_back(R"({"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":")" + name + R"("}})");
  }
  play(record_spot_v2(GetParam(), start), Dialect::SpotV2, Dialect::SpotV1);
  EXPECT_GT(first->spreads, 10);
  EXPECT_EQ(first->trades, 29) << "but not the history";
  EXPECT_EQ(first->refused, std::vector<std::string>{"ticker BTC/USD is not in this recording"});
}

TEST_P(Translated, ASessionOfSpotV1IsServedToClientsOfSpotV2) {
  for (const std::string name : {"book", "trade"}) {
    requests.push_back(R"({"method":"subscribe","params":{"channel":")" + name + R"(","symbol":["BTC/USD"]}})");
  }
  play(record_spot_v1(GetParam(), start), Dialect::SpotV1, Dialect::SpotV2);
  EXPECT_EQ(first->trades, 0);
  EXPECT_EQ(first->refused, std::vector<std::string>{"trade BTC/USD is not in this recording"});
}

INSTANTIATE_TEST_SUITE_P(Seeds, Translated, testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace ktape
