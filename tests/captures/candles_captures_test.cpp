// Kraken's own trades against Kraken's own candles over them.

#include <charconv>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/market/candle_builder.hpp"
#include "core/protocol/json_tape.hpp"
#include "import/archive.hpp"
#include "tests/support/captures.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;

std::string read(const char* name) { return read_archive_file((*captures() / "candles" / name).string()).value(); }

const JsonNode& rows(const JsonTape& tape) { return *find_member(*find_member(tape.root(), "result"), "XBTUSDT"); }

std::vector<const JsonNode*> elements(const JsonNode& array) {
  std::vector<const JsonNode*> out;
  for_each_element(array, [&](const JsonNode& element) {
    out.push_back(&element);
    return true;
  });
  return out;
}

Timestamp unix_time(std::string_view seconds) {
  return from_nanoseconds(static_cast<std::int64_t>(Decimal::parse(seconds).value().rescaled(9).value().coefficient()));
}

Decimal decimal(const JsonNode* node) { return Decimal::parse(node->text()).value(); }

TEST(CandleCaptures, CandlesFromRealTradesEqualKrakensInEveryField) {
  KTAPE_REQUIRE_CAPTURES();
  CandleBuilder builder({.symbol = "BTC/USDT", .intervals = {1min}, .price_places = 1});
  std::vector<CandleRevision> revised;

  JsonTape trades;
  ASSERT_TRUE(trades.parse(read("nautilus_xbtusdt_rest_trades.json.zst")).has_value());
  std::vector<Trade> all;
  for (const JsonNode* row : elements(rows(trades))) {
    const auto fields = elements(*row);
    std::int64_t id = 0;
    std::from_chars(fields[6]->text().data(), fields[6]->text().data() + fields[6]->text().size(), id);
    all.push_back({.symbol = "BTC/USDT",
                   .price = decimal(fields[0]),
                   .quantity = decimal(fields[1]),
                   .trade_id = id,
                   .exchange_time = unix_time(fields[2]->text())});
  }
  ASSERT_EQ(all.size(), 1000U);

  // Close each minute when the first trade of a later one comes.
  std::map<Timestamp, Candle> ours;
  Timestamp boundary = floor_to(all.front().exchange_time, 1min) + 1min;
  for (const Trade& trade : all) {
    for (; boundary <= trade.exchange_time; boundary += 1min) {
      std::vector<Candle> closed;
      builder.close(boundary, true, closed);
      for (const Candle& candle : closed) ours.emplace(candle.begin, candle);
    }
    ASSERT_TRUE(builder.add(trade, revised).has_value());
  }
  EXPECT_TRUE(revised.empty());

  JsonTape candles;
  ASSERT_TRUE(candles.parse(read("nautilus_xbtusdt_rest_ohlc_1m.json.zst")).has_value());
  int equal = 0;
  int empty = 0;
  for (const JsonNode* row : elements(rows(candles))) {
    const auto fields = elements(*row);
    const auto found = ours.find(unix_time(fields[0]->text()));
    if (found == ours.end() || found->second.state == CandleState::Partial) continue;
    const Candle& candle = found->second;
    EXPECT_EQ(candle.open.text(), fields[1]->text());
    EXPECT_EQ(candle.high.text(), fields[2]->text());
    EXPECT_EQ(candle.low.text(), fields[3]->text());
    EXPECT_EQ(candle.close.text(), fields[4]->text());
    EXPECT_EQ(candle.vwap.text(), fields[5]->text());
    EXPECT_EQ(candle.volume.text(), fields[6]->text());
    EXPECT_EQ(std::to_string(candle.trades), fields[7]->text());
    ++(candle.state == CandleState::Empty ? empty : equal);
  }
  EXPECT_EQ(equal, 272);
  EXPECT_EQ(empty, 137);
}

}  // namespace
}  // namespace ktape
