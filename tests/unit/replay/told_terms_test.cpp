#include "replay/told_terms.hpp"

#include <gtest/gtest.h>

#include "tests/support/small_market.hpp"

namespace ktape {
namespace {

using test::SmallMarket;
using test::Tape;

InstrumentTable terms_of(const Tape& tape, Dialect dialect = Dialect::SpotV2) {
  const auto source = tape.source();
  return told_terms(*source, dialect).value();
}

TEST(ToldTerms, AreThoseOfTheFirstSnapshotOfInstruments) {
  Tape tape = SmallMarket::tape();
  tape.hear(SmallMarket::kStart + std::chrono::hours(1),
            R"({"channel":"instrument","type":"snapshot","data":{"assets":[],"pairs":[]}})");
  const InstrumentTable terms = terms_of(tape);
  ASSERT_NE(terms.find_pair("BTC/USD"), nullptr);
  EXPECT_EQ(terms.find_pair("BTC/USD")->quantity_min.text(), "0.00005000");
  EXPECT_FALSE(terms.find_pair("BTC/USD")->assumed);
  EXPECT_EQ(terms.find_asset("USD")->precision, 4);
}

TEST(ToldTerms, AreWhatBooksLookLikeWhereNoInstrumentsAreTold) {
  Tape tape;
  tape.add(SmallMarket::kStart, FrameKind::Opened, "wss://ws.kraken.com");
  tape.hear(
      SmallMarket::kStart,
      R"([0,{"as":[["5541.30000","2.50700000","1534614248.123678"]],"bs":[["5541.20000","1.52900000","1534614248.765567"]]},"book-10","XBT/USD"])");
  const InstrumentTable terms = terms_of(tape, Dialect::SpotV1);
  ASSERT_NE(terms.find_pair("BTC/USD"), nullptr);
  EXPECT_TRUE(terms.find_pair("BTC/USD")->assumed);
  EXPECT_EQ(terms.find_pair("BTC/USD")->price_precision, 5);
  EXPECT_TRUE(terms_of(Tape()).empty());
}

}  // namespace
}  // namespace ktape
