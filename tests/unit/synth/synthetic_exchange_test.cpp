#include "synth/synthetic_exchange.hpp"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/exchange_driver.hpp"
#include "tests/support/synthetic_options.hpp"

namespace ktape::synth {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;
using testing::StartsWith;

constexpr std::array<std::string_view, 2> kSymbols{"BTC/USD", "MINA/GBP"};
constexpr std::string_view kBook =
    R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10,"snapshot":true},"req_id":1})";
constexpr std::string_view kEndBook =
    R"({"method":"unsubscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10},"req_id":2})";

class SyntheticExchangeTest : public testing::Test {
 protected:
  explicit SyntheticExchangeTest(Duration duration = 60s)
      : options_(test::synthetic_options(1, duration, kSymbols)),
        clock_(options_.start),
        exchange_(SyntheticExchange::create(options_, clock_).value()),
        driver_(clock_, *exchange_) {}

  // The frames of `client` that begin like that.
  std::vector<test::ExchangeDriver::Heard> heard(ConnectionId client, std::string_view beginning) const {
    std::vector<test::ExchangeDriver::Heard> found;
    for (const auto& each : driver_.heard(client)) {
      if (each.payload.starts_with(beginning)) found.push_back(each);
    }
    return found;
  }

  SyntheticOptions options_;
  VirtualClock clock_;
  std::unique_ptr<SyntheticExchange> exchange_;
  test::ExchangeDriver driver_;
};

TEST_F(SyntheticExchangeTest, GreetsThenAnswersThenSendsTheSnapshot) {
  const auto client = driver_.connect();
  driver_.say(client, kBook);
  driver_.run_for(1s);
  const auto& frames = driver_.heard(client);
  ASSERT_GT(frames.size(), 3U);
  EXPECT_THAT(frames[0].payload, HasSubstr(R"("channel":"status")"));
  EXPECT_THAT(frames[1].payload,
              StartsWith(R"({"method":"subscribe","req_id":1,"result":{"channel":"book","depth":10)"));
  EXPECT_THAT(frames[1].at - frames[0].at, AllOf(Ge(Duration(15us)), Le(Duration(80us))));
  EXPECT_THAT(frames[2].payload, StartsWith(R"({"channel":"book","type":"snapshot")"));
  EXPECT_THAT(frames[2].at - frames[1].at, AllOf(Ge(Duration(50ms)), Le(Duration(130ms))));
  EXPECT_THAT(frames[3].payload, StartsWith(R"({"channel":"book","type":"update")"));
}

TEST_F(SyntheticExchangeTest, FramesOfAConnectionAreAtLeastThreeMicrosecondsApartAndLaterThanTheirMarket) {
  const auto client = driver_.connect();
  driver_.say(client, kBook);
  driver_.run_for(30s);
  const auto updates = heard(client, R"({"channel":"book","type":"update")");
  ASSERT_GT(updates.size(), 100U);
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const auto stamp = updates[i].payload.find(R"("timestamp":")") + 13;
    const Timestamp exchange_time = parse_rfc3339(updates[i].payload.substr(stamp, 27)).value();
    ASSERT_GE(updates[i].at - exchange_time, 20ms) << updates[i].payload;
    if (i > 0) {
      ASSERT_GE(updates[i].at - updates[i - 1].at, 3us);
    }
  }
}

TEST_F(SyntheticExchangeTest, BeatsOncePerSecondFromTheFirstSubscriptionOn) {
  const auto client = driver_.connect();
  driver_.run_for(5s);
  EXPECT_TRUE(heard(client, R"({"channel":"heartbeat"})").empty());
  driver_.say(client, kBook);
  driver_.run_for(25s);
  const auto beats = heard(client, R"({"channel":"heartbeat"})");
  ASSERT_EQ(beats.size(), 24U);
  bool varied = false;
  for (std::size_t i = 1; i < beats.size(); ++i) {
    const Duration interval = beats[i].at - beats[i - 1].at;
    EXPECT_THAT(interval, AllOf(Ge(Duration(990ms)), Le(Duration(1010ms))));
    varied = varied || interval != Duration(1s);
  }
  EXPECT_TRUE(varied);
}

TEST_F(SyntheticExchangeTest, NothingOfAFeedFollowsItsUnsubscription) {
  const auto client = driver_.connect();
  driver_.say(client, kBook);
  driver_.run_for(10s);
  driver_.say(client, kEndBook);
  driver_.run_for(1ms);
  EXPECT_THAT(driver_.heard(client).back().payload, StartsWith(R"({"method":"unsubscribe")"));
  const auto before = heard(client, R"({"channel":"book")").size();
  driver_.run_for(10s);
  EXPECT_EQ(heard(client, R"({"channel":"book")").size(), before);
  driver_.say(client, kBook);
  driver_.run_for(1s);
  EXPECT_EQ(heard(client, R"({"channel":"book","type":"snapshot")").size(), 2U);
}

TEST_F(SyntheticExchangeTest, TheMarketDoesNotDependOnWhoListens) {
  const auto one = driver_.connect();
  const auto two = driver_.connect();
  driver_.say(one, kBook);
  driver_.say(two, kBook);
  driver_.run_for(20s);
  const auto alone = heard(one, R"({"channel":"book")");
  EXPECT_EQ(alone, heard(two, R"({"channel":"book")"));

  VirtualClock other_clock(options_.start);
  const auto other = SyntheticExchange::create(options_, other_clock).value();
  test::ExchangeDriver other_driver(other_clock, *other);
  const auto client = other_driver.connect();
  other_driver.say(client, kBook);
  other_driver.run_for(20s);
  std::vector<test::ExchangeDriver::Heard> books;
  for (const auto& each : other_driver.heard(client)) {
    if (each.payload.starts_with(R"({"channel":"book")")) books.push_back(each);
  }
  EXPECT_EQ(alone, books);
}

TEST_F(SyntheticExchangeTest, AClientThatComesLateFindsTheMarketWhereItIs) {
  const auto early = driver_.connect();
  driver_.say(early, kBook);
  driver_.run_for(10s);
  const auto late = driver_.connect();
  driver_.say(late, kBook);
  driver_.run_for(5s);
  const auto news = heard(late, R"({"channel":"book","type":"update")");
  const auto all = heard(early, R"({"channel":"book","type":"update")");
  ASSERT_GT(news.size(), 10U);
  ASSERT_GT(all.size(), news.size());
  for (std::size_t i = 1; i <= news.size() && i <= 10; ++i) {
    EXPECT_EQ(news[news.size() - i].payload, all[all.size() - i].payload);
  }
}

TEST_F(SyntheticExchangeTest, WithoutASnapshotTheUpdatesComeAtOnce) {
  const auto client = driver_.connect();
  driver_.say(client,
              R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10,"snapshot":false}})");
  driver_.run_for(5s);
  EXPECT_TRUE(heard(client, R"({"channel":"book","type":"snapshot")").empty());
  EXPECT_FALSE(heard(client, R"({"channel":"book","type":"update")").empty());
}

TEST_F(SyntheticExchangeTest, TickersFollowTradesOrTheBestPrices) {
  const auto client = driver_.connect();
  driver_.say(client, R"({"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD"]}})");
  driver_.say(client, R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"],"snapshot":false}})");
  const auto watcher = driver_.connect();
  driver_.say(watcher,
              R"({"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD"],"event_trigger":"bbo"}})");
  driver_.run_for(30s);
  const auto trades = heard(client, R"({"channel":"trade","type":"update")").size();
  const auto by_trade = heard(client, R"({"channel":"ticker","type":"update")").size();
  EXPECT_GT(trades, 3U);
  EXPECT_NEAR(static_cast<double>(by_trade), static_cast<double>(trades), 2.0)
      << "but for the time before the snapshot";
  EXPECT_GT(heard(watcher, R"({"channel":"ticker","type":"update")").size(), 2 * by_trade);
}

TEST_F(SyntheticExchangeTest, ListsItsPairsAndOthersAndRefusesWhatItDoesNotHave) {
  const auto client = driver_.connect();
  driver_.say(client, R"({"method":"subscribe","params":{"channel":"instrument"}})");
  driver_.say(client, R"({"method":"subscribe","params":{"channel":"trade","symbol":["XBT/USD"]}})");
  driver_.run_for(1s);
  const auto lists = heard(client, R"({"channel":"instrument","type":"snapshot")");
  ASSERT_EQ(lists.size(), 1U);
  EXPECT_THAT(lists[0].payload, HasSubstr(R"({"symbol":"MINA/GBP","base":"MINA","quote":"GBP","status":"online")"));
  EXPECT_THAT(lists[0].payload, HasSubstr(R"({"symbol":"DOGE/BTC")"));
  EXPECT_THAT(lists[0].payload, HasSubstr(R"({"id":"DOGE","status":"enabled")"));
  EXPECT_EQ(heard(client, R"({"error":"Currency pair not supported XBT/USD")").size(), 1U);
}

class ShortSyntheticExchange : public SyntheticExchangeTest {
 protected:
  ShortSyntheticExchange() : SyntheticExchangeTest(5s) {}
};

TEST_F(ShortSyntheticExchange, ClosesEveryConnectionWhenItsTimeIsOver) {
  const auto client = driver_.connect();
  driver_.say(client, kBook);
  driver_.run_for(10s);
  ASSERT_EQ(driver_.heard(client).back().kind, FrameKind::Closed);
  EXPECT_THAT(driver_.heard(client).back().payload, StartsWith("1001"));
  EXPECT_EQ(driver_.heard(client).back().at, exchange_->end());

  const auto late = driver_.connect();
  ASSERT_EQ(driver_.heard(late).size(), 1U);
  EXPECT_EQ(driver_.heard(late).back().kind, FrameKind::Closed);
  EXPECT_FALSE(clock_.next_deadline().has_value()) << "nothing is left to happen";
}

TEST(SyntheticExchangeOptions, AStartInThePastIsRefused) {
  const auto options = test::synthetic_options(1, 1s, kSymbols);
  VirtualClock clock(options.start + 1ns);
  const auto refused = SyntheticExchange::create(options, clock);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::InvalidArgument);
}

}  // namespace
}  // namespace ktape::synth
