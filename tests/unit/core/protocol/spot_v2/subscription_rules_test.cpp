#include "core/protocol/spot_v2/subscription_rules.hpp"

#include <gmock/gmock.h>

namespace ktape::spot_v2 {
namespace {

using ::testing::HasSubstr;

Subscription book(std::vector<std::string> symbols, int depth = 10) {
  return {.channel = Channel::Book, .symbols = std::move(symbols), .depth = depth};
}

std::string objection(const Subscription& subscription) {
  const auto result = validate(subscription);
  EXPECT_FALSE(result.has_value());
  if (result) return {};
  EXPECT_EQ(result.error().code, Errc::InvalidArgument);
  return result.error().detail;
}

TEST(SubscriptionRules, AcceptsEveryDocumentedDepthAndInterval) {
  for (const int depth : {10, 25, 100, 500, 1000}) EXPECT_TRUE(validate(book({"BTC/USD"}, depth)).has_value()) << depth;
  for (const int interval : {1, 5, 15, 30, 60, 240, 1440, 10080, 21600}) {
    const Subscription ohlc{.channel = Channel::Ohlc, .symbols = {"ETH/EUR"}, .interval_minutes = interval};
    EXPECT_TRUE(validate(ohlc).has_value()) << interval;
  }
}

TEST(SubscriptionRules, NamesARefusedDepthAndTheAllowedOnes) {
  EXPECT_EQ(objection(book({"BTC/USD"}, 27)), "book depth 27 is not one of 10, 25, 100, 500, 1000");
}

TEST(SubscriptionRules, NamesARefusedIntervalAndTheAllowedOnes) {
  EXPECT_EQ(objection({.channel = Channel::Ohlc, .symbols = {"BTC/USD"}, .interval_minutes = 3}),
            "ohlc interval 3 is not one of 1, 5, 15, 30, 60, 240, 1440, 10080, 21600 minutes");
}

TEST(SubscriptionRules, ADepthMattersToTheBookOnly) {
  EXPECT_TRUE(validate({.channel = Channel::Trade, .symbols = {"BTC/USD"}, .depth = 27}).has_value());
}

TEST(SubscriptionRules, TakesBothEventTriggersAndNoOther) {
  Subscription ticker{.channel = Channel::Ticker, .symbols = {"BTC/USD"}};
  EXPECT_TRUE(validate(ticker).has_value());
  ticker.event_trigger = "bbo";
  EXPECT_TRUE(validate(ticker).has_value());
  ticker.event_trigger = "always";
  EXPECT_EQ(objection(ticker), "ticker event_trigger 'always' is not one of trades, bbo");
}

TEST(SubscriptionRules, HintsAtTheModernNameOfAnOldSymbol) {
  EXPECT_THAT(objection(book({"XBT/USD"})), HasSubstr("v2 calls it 'BTC/USD'"));
  EXPECT_THAT(objection(book({"ETH/XBT"})), HasSubstr("v2 calls it 'ETH/BTC'"));
  EXPECT_THAT(objection(book({"BTC/USD", "XDG/XBT"})), HasSubstr("v2 calls it 'DOGE/BTC'"));
}

TEST(SubscriptionRules, RefusesASymbolThatIsNotAPair) {
  for (const char* symbol : {"", "BTCUSD", "/USD", "BTC/", "BTC/USD/EUR", "BTC USD", "BTC/USD:", "BTC/US\"D"}) {
    EXPECT_THAT(objection(book({symbol})), HasSubstr("is not in the form BASE/QUOTE")) << symbol;
  }
}

TEST(SubscriptionRules, AcceptsTheSuffixOfAnotherVenueAndNamesWithADot) {
  EXPECT_TRUE(validate(book({"BTC/USD:BTNL"})).has_value());
  EXPECT_TRUE(validate(book({"USDC.E/EUR"})).has_value());
  EXPECT_EQ(modern_symbol("XBT/USD:BTNL"), "BTC/USD:BTNL");
}

TEST(SubscriptionRules, InstrumentTakesNoSymbolsAndTheOthersNeedOne) {
  EXPECT_TRUE(validate({.channel = Channel::Instrument, .symbols = {}}).has_value());
  EXPECT_THAT(objection({.channel = Channel::Instrument, .symbols = {"BTC/USD"}}), HasSubstr("'BTC/USD'"));
  EXPECT_THAT(objection({.channel = Channel::Trade, .symbols = {}}), HasSubstr("channel trade needs"));
}

}  // namespace
}  // namespace ktape::spot_v2
