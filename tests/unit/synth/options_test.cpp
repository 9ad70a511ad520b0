#include "synth/options.hpp"

#include <gtest/gtest.h>

namespace ktape::synth {
namespace {

SyntheticOptions with(SymbolSpec spec) { return {.symbols = {std::move(spec)}}; }

TEST(SyntheticOptions, EveryPresetIsValid) {
  SyntheticOptions options;
  for (const auto symbol : preset_symbols()) options.symbols.push_back(preset(symbol).value());
  EXPECT_TRUE(validate(options).has_value());
}

TEST(SyntheticOptions, AnUnknownPresetNamesTheKnownOnes) {
  const auto unknown = preset("XBT/USD");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, Errc::NotFound);
  EXPECT_NE(unknown.error().detail.find("'XBT/USD'"), std::string::npos);
  EXPECT_NE(unknown.error().detail.find("BTC/USD"), std::string::npos);
}

TEST(SyntheticOptions, WhatCannotBeAMarketIsRefusedWithItsValue) {
  const auto refused = [](SymbolSpec spec) {
    const auto result = validate(with(std::move(spec)));
    return result ? std::string("accepted") : result.error().detail;
  };
  const SymbolSpec good = preset("BTC/USD").value();

  SymbolSpec spec = good;
  spec.symbol = "BTCUSD";
  EXPECT_EQ(refused(spec), "synthetic market 'BTCUSD': not BASE/QUOTE");

  spec = good;
  spec.tick = Decimal::from_units(1, 3);
  EXPECT_NE(refused(spec).find("tick 0.001"), std::string::npos);

  spec = good;
  spec.start_price = Decimal::from_units(5, 1);
  EXPECT_NE(refused(spec).find("start price 0.5 must be 100 to 1e12 ticks"), std::string::npos);

  spec = good;
  spec.typical_quantity = Decimal::from_units(999, 8);
  EXPECT_NE(refused(spec).find("0.00000999"), std::string::npos);

  spec = good;
  spec.price_places = 13;
  EXPECT_NE(refused(spec).find("not 13 and 8"), std::string::npos);

  spec = good;
  spec.spread_ticks = 0;
  EXPECT_NE(refused(spec).find("not 6 and 0"), std::string::npos);

  spec = good;
  spec.last_trade_id = 49;
  EXPECT_NE(refused(spec).find("49"), std::string::npos);
}

TEST(SyntheticOptions, SymbolsAreNamedOnceAndTimeHasALength) {
  SyntheticOptions options = with(preset("BTC/USD").value());
  options.symbols.push_back(options.symbols.front());
  EXPECT_FALSE(validate(options).has_value());
  options.symbols.pop_back();
  options.duration = Duration::zero();
  EXPECT_FALSE(validate(options).has_value());
  EXPECT_FALSE(validate(SyntheticOptions{}).has_value());
}

}  // namespace
}  // namespace ktape::synth
