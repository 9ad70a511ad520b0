#include "import/kraken_trades.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "core/base/virtual_clock.hpp"
#include "import/archive.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"

namespace ktape {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kTrades =
    "1381095255,122.00000,0.10000000\n1381095255.5,123.61000,1e-05\r\n\n1381179030.123456789,123.5,2\n";

Result<std::unique_ptr<Archive>> open(std::string text, std::string symbol = "BTC/USD") {
  return open_archive(std::move(text), {.symbol = std::move(symbol)});
}

std::string error_of(std::string text, std::string symbol = "BTC/USD") {
  auto archive = open_archive(std::move(text), {.format = ArchiveFormat::KrakenTrades, .symbol = std::move(symbol)});
  if (!archive) return archive.error().detail;
  for (;;) {
    const auto frame = (*archive)->next();
    if (!frame) return frame.error().detail;
    if (!*frame) return "no error";
  }
}

TEST(KrakenTrades, BecomeMessagesWithIdsOfTheirOwn) {
  const auto archive = open(kTrades).value();
  EXPECT_EQ(archive->format(), ArchiveFormat::KrakenTrades);
  EXPECT_EQ(archive->dialect(), Dialect::SpotV2);
  std::vector<std::string> payloads;
  std::vector<std::int64_t> times;
  while (const auto frame = archive->next().value()) {
    payloads.emplace_back(frame->payload);
    times.push_back(nanoseconds(frame->at));
  }
  ASSERT_EQ(payloads.size(), 4U);
  EXPECT_THAT(times, ElementsAre(1381095255000000000, 1381095255000000000, 1381095255500000000, 1381179030123456789));
  EXPECT_THAT(payloads[0], HasSubstr(R"("method":"subscribe")"));
  EXPECT_EQ(payloads[1],
            R"({"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":122.00000,)"
            R"("qty":0.10000000,"ord_type":"limit","trade_id":1,"timestamp":"2013-10-06T21:34:15.000000Z"}]})");
  EXPECT_THAT(payloads[2], HasSubstr(R"("qty":0.00001,"ord_type":"limit","trade_id":2)"));
  EXPECT_THAT(payloads[3], HasSubstr(R"("trade_id":3,"timestamp":"2013-10-07T20:50:30.123456Z")"));
}

TEST(KrakenTrades, SayWhatWasInvented) {
  EXPECT_THAT(std::string(open(kTrades).value()->notes()),
              HasSubstr("invented: trade ids counted from 1, side \"buy\" and order type \"limit\""));
}

class Candles final : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (const auto* candle = std::get_if<Candle>(&event)) {
      told.push_back(std::string(to_string(candle->state)) + " " + candle->volume.text());
    }
    EXPECT_FALSE(std::holds_alternative<UnknownMessage>(event));
    EXPECT_FALSE(std::holds_alternative<TradeGap>(event));
  }
  std::vector<std::string> told;
};

TEST(KrakenTrades, MakeWholeCandles) {
  // The first minute begins before the first trade; the second is known from its beginning to its end.
  const auto archive = open("60.5,1.0,1.5\n121,1.0,2.5\n122,1.0,3.5\n185,1.0,1.0\n").value();
  VirtualClock clock(Timestamp::min());
  Candles candles;
  RecordedClients clients(Dialect::SpotV2, clock, [&](ConnectionId) -> EventSink& { return candles; },
                          {.candles = {.intervals = {std::chrono::minutes(1)}}});
  Player player(*archive, clock, clients);
  while (player.step().value()) {
  }
  EXPECT_THAT(candles.told, ElementsAre("partial 1.5", "closed 6.0"));
}

TEST(KrakenTrades, NameTheLineOfAnError) {
  EXPECT_THAT(error_of("1,2\n"), HasSubstr("line 1: 'time,price,volume' expected, found '1,2'"));
  EXPECT_THAT(error_of("1,2,3\n1,2,3,4\n"), HasSubstr("line 2: 'time,price,volume' expected"));
  EXPECT_THAT(error_of("time,price,volume\n"), HasSubstr("line 1: a time in unix seconds expected, found 'time'"));
  EXPECT_THAT(error_of("99999999999999,2,3\n"), HasSubstr("found '99999999999999'"));
  EXPECT_THAT(error_of("1,0.0,3\n"), HasSubstr("a price greater than zero expected, found '0.0'"));
  EXPECT_THAT(error_of("1,2,-3\n"), HasSubstr("a volume greater than zero expected, found '-3'"));
}

TEST(KrakenTrades, NeedASymbol) {
  EXPECT_THAT(error_of(kTrades, ""), HasSubstr("--symbol is needed"));
  EXPECT_THAT(error_of(kTrades, "XBTUSD"), HasSubstr("'XBTUSD'"));
  EXPECT_THAT(error_of(kTrades, "BTC/\"}"), HasSubstr("is no pair"));
}

TEST(KrakenTrades, AreOfThePairThatTheFileIsNamedAfter) {
  EXPECT_EQ(symbol_of_trades_file("XBTUSD.csv"), "BTC/USD");
  EXPECT_EQ(symbol_of_trades_file("/data/kraken/XDGUSDT.csv.zst"), "DOGE/USDT");
  EXPECT_EQ(symbol_of_trades_file("ETHXBT.csv"), "ETH/BTC");
  EXPECT_EQ(symbol_of_trades_file("USDTUSD.csv"), "USDT/USD");
  EXPECT_EQ(symbol_of_trades_file("XBTPYUSD.csv"), std::nullopt) << "BTC/PYUSD or XBTPY/USD";
  EXPECT_EQ(symbol_of_trades_file("trades.csv"), std::nullopt);
  EXPECT_EQ(symbol_of_trades_file("USD.csv"), std::nullopt);
  EXPECT_EQ(symbol_of_trades_file(""), std::nullopt);
}

TEST(KrakenTrades, AreKnownByTheirFirstLine) {
  EXPECT_TRUE(is_kraken_trade_line("1381095255,122.00000,0.10000000"));
  EXPECT_TRUE(is_kraken_trade_line("1381095255.5,122,0.1\r"));
  EXPECT_FALSE(is_kraken_trade_line("1618678132.9348202: [1,[],\"trade\"]"));
  EXPECT_FALSE(is_kraken_trade_line("1,2,3,4"));
  EXPECT_FALSE(is_kraken_trade_line(""));
}

}  // namespace
}  // namespace ktape
