#include "inspect/history_hashes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ktape {
namespace {

using testing::SizeIs;

Trade trade_of(std::string_view symbol) {
  Trade trade;
  trade.symbol = symbol;
  return trade;
}

TEST(HistoryHashes, AreThoseOfTheLinesOfEachStreamAndOfAll) {
  HistoryHashes hashes;
  Candle candle;
  candle.symbol = "A/B";
  Candle theirs = candle;
  theirs.source = CandleSource::Exchange;
  hashes.add(trade_of("C/D"), "1\n");
  hashes.add(trade_of("A/B"), "2\n");
  hashes.add(LinkChange{}, "3\n");
  hashes.add(trade_of("C/D"), "4\n");
  hashes.add(candle, "5\n");
  hashes.add(theirs, "6\n");
  EXPECT_EQ(hashes.events(), 6U);
  const auto streams = hashes.streams();
  ASSERT_THAT(streams, SizeIs(5));
  const auto is = [&](std::size_t place, std::string_view channel, std::string_view symbol, std::string_view lines) {
    EXPECT_EQ(streams[place].channel, channel);
    EXPECT_EQ(streams[place].symbol, symbol);
    EXPECT_EQ(streams[place].events, lines.size() / 2);
    EXPECT_EQ(streams[place].hash, sha256_hex(lines));
  };
  is(0, "candle", "A/B", "5\n");
  is(1, "connection", "", "3\n");
  is(2, "ohlc", "A/B", "6\n");
  is(3, "trade", "A/B", "2\n");
  is(4, "trade", "C/D", "1\n4\n");
  EXPECT_EQ(hashes.whole(), sha256_hex("1\n2\n3\n4\n5\n6\n"));
}

TEST(HistoryHashes, KeepNoMoreStreamsThanTheirLimit) {
  HistoryHashes hashes;
  const std::size_t beyond = HistoryHashes::kMaxStreams + 5;
  for (std::size_t i = 0; i < beyond; ++i) hashes.add(trade_of(std::to_string(i)), "x\n");
  const auto streams = hashes.streams();
  EXPECT_THAT(streams, SizeIs(HistoryHashes::kMaxStreams + 1));
  EXPECT_EQ(streams.front().channel, "other");
  EXPECT_EQ(streams.front().events, 5U);
}

}  // namespace
}  // namespace ktape
