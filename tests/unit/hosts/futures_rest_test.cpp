#include "hosts/futures_rest.hpp"

#include <gmock/gmock.h>

#include "core/base/virtual_clock.hpp"
#include "hosts/kraken_hosts.hpp"
#include "replay/playback_exchange.hpp"
#include "replay/recording_survey.hpp"
#include "tests/support/fixed_market.hpp"
#include "tests/support/tape.hpp"

namespace ktape::hosts {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

const Timestamp kStart = parse_rfc3339("2026-09-01T08:00:00Z").value();
constexpr std::string_view kTicker =
    R"({"time":1788249602000,"product_id":"PI_XBTUSD","funding_rate":-0.000000000062604214,"feed":"ticker","bid":34832.5,"ask":34847.5,"bid_size":42864,"ask_size":2300,"volume":262306237,"dtm":0,"leverage":"50x","index":34803.45,"premium":0.1,"last":34852,"change":2.995109121267192,"suspended":false,"tag":"perpetual","pair":"XBT:USD","openInterest":107706940,"markPrice":34844.25,"maturityTime":0,"post_only":false,"volumeQuote":262306237,"open":34000.5,"high":35000.0,"low":33900})";

// A book at the beginning, the ticker after two seconds, a trade after three.
test::Tape tape() {
  test::Tape out;
  out.add(kStart, FrameKind::Opened, "wss://futures.kraken.com/ws/v1");
  out.hear(kStart, R"({"event":"info","version":1})");
  for (const char* const feed : {"book", "ticker", "trade"}) {
    out.hear(kStart, std::string(R"({"event":"subscribed","feed":")") + feed + R"(","product_ids":["PI_XBTUSD"]})");
  }
  out.hear(kStart, R"({"event":"subscribed","feed":"book","product_ids":["FF_ETHUSD_260925"]})");
  out.hear(
      kStart,
      R"({"feed":"book_snapshot","product_id":"PI_XBTUSD","timestamp":1788249600000,"seq":41,"tickSize":null,"bids":[{"price":34832.5,"qty":42864},{"price":34831,"qty":10.0}],"asks":[{"price":34847.5,"qty":2300},{"price":34850.0,"qty":7}]})");
  out.hear(kStart + seconds(2), std::string(kTicker));
  out.hear(
      kStart + seconds(3),
      R"({"feed":"trade","product_id":"PI_XBTUSD","uid":"05af78ac-a774-478c-a50c-8b9c234e071e","side":"sell","type":"fill","seq":655509,"time":1788249603000,"qty":440,"price":34893})");
  out.hear(kStart + std::chrono::minutes(1), R"({"feed":"heartbeat","time":1788249660000})");
  return out;
}

class FuturesRestTest : public testing::Test {
 protected:
  FuturesRestTest() {
    const auto source = tape().source();
    auto found = survey_recording(*source, Dialect::FuturesV1).value();
    EXPECT_EQ(found.first_at, kStart);
    EXPECT_EQ(found.last_at, kStart + std::chrono::minutes(1));
    PlaybackOptions options;
    options.dialect = Dialect::FuturesV1;
    options.known_feeds = found.feeds;
    playback_ = PlaybackExchange::create(
                    clock, [] { return Result<std::unique_ptr<FrameSource>>(tape().source()); }, options)
                    .value();
    kraken_ = std::make_unique<KrakenHosts>(clock, *playback_,
                                            KrakenHostsOptions{.watch = {.dialect = Dialect::FuturesV1,
                                                                         .feeds = found.feeds,
                                                                         .known_products = std::move(found.products)}});
  }

  std::string get(const std::string& path) {
    const auto response = kraken_->answer({.target = "/derivatives/api/v3/" + path});
    return response ? response->body : "no page";
  }

  VirtualClock clock{kStart};

 private:
  std::unique_ptr<PlaybackExchange> playback_;
  std::unique_ptr<KrakenHosts> kraken_;
};

TEST_F(FuturesRestTest, KnowsTheInstrumentsBeforeAnyTimeHasPassed) {
  EXPECT_EQ(
      get("instruments"),
      R"({"result":"success","instruments":[{"symbol":"FF_ETHUSD_260925","type":"flexible_futures","lastTradingTime":"2026-09-25T16:00:00.000Z","tradeable":true,"base":"ETH","quote":"USD","pair":"ETH:USD","contractSize":1,"contractValueTradePrecision":0,"postOnly":false,"tags":[]},{"symbol":"PI_XBTUSD","type":"futures_inverse","tradeable":true,"base":"BTC","quote":"USD","pair":"XBT:USD","tickSize":0.5,"contractSize":1,"contractValueTradePrecision":0,"postOnly":false,"marginLevels":[{"contracts":0,"initialMargin":0.02,"maintenanceMargin":0.01}],"tags":["perpetual"]}],"serverTime":"2026-09-01T08:00:00.000Z"})");
  EXPECT_THAT(get("instruments/status"), HasSubstr(R"("instrumentStatus":[{"tradeable":"FF_ETHUSD_260925")"));
  EXPECT_THAT(get("instruments/pi_xbtusd/status"),
              HasSubstr(R"("tradeable":"PI_XBTUSD","experiencingDislocation":false)"));
}

TEST_F(FuturesRestTest, TellsTickersWithTheirDigitsAndNothingOfTheFuture) {
  EXPECT_THAT(get("tickers"), HasSubstr(R"("tickers":[])"));
  EXPECT_THAT(get("tickers/PI_XBTUSD"), HasSubstr(R"("error":"contractNotFound")"));
  clock.advance_to(kStart + seconds(4));
  const std::string ticker =
      R"({"tag":"perpetual","pair":"XBT:USD","symbol":"PI_XBTUSD","markPrice":34844.25,"bid":34832.5,"bidSize":42864,"ask":34847.5,"askSize":2300,"vol24h":262306237,"volumeQuote":262306237,"openInterest":107706940,"open24h":34000.5,"high24h":35000.0,"low24h":33900,"last":34852,"lastTime":"2026-09-01T08:00:03.000Z","lastSize":440,"suspended":false,"fundingRate":-0.000000000062604214,"indexPrice":34803.45,"postOnly":false,"change24h":2.995109121267192})";
  EXPECT_EQ(get("tickers"),
            R"({"result":"success","tickers":[)" + ticker + R"(],"serverTime":"2026-09-01T08:00:04.000Z"})");
  EXPECT_EQ(get("tickers/pi_xbtusd"),
            R"({"result":"success","ticker":)" + ticker + R"(,"serverTime":"2026-09-01T08:00:04.000Z"})");
}

TEST_F(FuturesRestTest, TellsBookAndTrades) {
  EXPECT_THAT(get("orderbook?symbol=PI_XBTUSD"), HasSubstr(R"("error":"marketUnavailable")"));
  clock.advance_to(kStart + seconds(4));
  EXPECT_THAT(get("orderbook?symbol=pi_xbtusd"),
              HasSubstr(R"("orderBook":{"bids":[[34832.5,42864],[34831.0,10]],"asks":[[34847.5,2300],[34850.0,7]]})"));
  EXPECT_THAT(
      get("history?symbol=PI_XBTUSD"),
      HasSubstr(
          R"("history":[{"time":"2026-09-01T08:00:03.000Z","trade_id":655509,"price":34893,"size":440,"side":"sell","type":"fill","uid":"05af78ac-a774-478c-a50c-8b9c234e071e"}])"));
  EXPECT_THAT(get("history?symbol=PI_XBTUSD&lastTime=2026-09-01T08:00:02.999Z"), HasSubstr(R"("history":[])"));
}

TEST_F(FuturesRestTest, RefusesWhatItHasNot) {
  EXPECT_THAT(get("orderbook"), HasSubstr(R"("result":"error","error":"requiredArgumentMissing")"));
  EXPECT_THAT(get("orderbook?symbol=PF_NOUSD"), HasSubstr(R"("error":"contractNotFound")"));
  EXPECT_THAT(get("history?symbol=PI_XBTUSD&lastTime=soon"), HasSubstr(R"("error":"invalidArgument: lastTime")"));
  EXPECT_THAT(get("nothing"), HasSubstr(R"("error":"notFound")"));
}

}  // namespace
}  // namespace ktape::hosts
