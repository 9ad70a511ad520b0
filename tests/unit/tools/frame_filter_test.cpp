#include "tools/frame_filter.hpp"

#include <gtest/gtest.h>

#include "tests/support/synthetic_recording.hpp"

namespace ktape::test {
namespace {

SpotV2Classes classes;

bool passes(const CopySelection& selection, std::string_view payload, Direction direction = Direction::FromExchange,
            FrameKind kind = FrameKind::Text) {
  auto filter = FrameFilter::create(selection, Dialect::SpotV2, &classes);
  return filter.value().passes({from_nanoseconds(0), ConnectionId{1}, direction, kind, payload});
}

constexpr auto kBook = R"({"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[],"asks":[]}]})";
constexpr auto kAsk = R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD","ETH/USD"]},"req_id":1})";
constexpr auto kAnswer =
    R"({"method":"subscribe","req_id":1,"result":{"channel":"book","depth":10,"snapshot":true,"symbol":"BTC/USD"},)"
    R"("success":true,"time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"})";

TEST(FrameFilter, ChoosesDataRequestsAndAnswersByChannel) {
  const CopySelection book{.channels = {"book"}};
  const CopySelection trade{.channels = {"trade"}};
  EXPECT_TRUE(passes(book, kBook));
  EXPECT_TRUE(passes(book, kAnswer));
  EXPECT_TRUE(passes(book, kAsk, Direction::ToExchange));
  EXPECT_FALSE(passes(trade, kBook));
  EXPECT_FALSE(passes(trade, kAnswer));
  EXPECT_FALSE(passes(trade, kAsk, Direction::ToExchange));
}

TEST(FrameFilter, ChoosesBySymbolAndKeepsRequestsThatNameOneOfThem) {
  const CopySelection eth{.symbols = {"ETH/USD"}};
  EXPECT_FALSE(passes(eth, kBook));
  EXPECT_FALSE(passes(eth, kAnswer));
  EXPECT_TRUE(passes(eth, kAsk, Direction::ToExchange));
  EXPECT_TRUE(passes(eth, R"({"channel":"instrument","type":"snapshot","data":{"assets":[],"pairs":[]}})"));
}

TEST(FrameFilter, KeepsWhatBelongsToTheConnection) {
  const CopySelection trade{.channels = {"trade"}, .symbols = {"ETH/USD"}};
  EXPECT_TRUE(passes(trade, R"({"channel":"heartbeat"})"));
  EXPECT_TRUE(passes(trade, R"({"channel":"status","type":"update","data":[{"system":"online"}]})"));
  EXPECT_TRUE(passes(trade, R"({"method":"pong","req_id":4})"));
  EXPECT_TRUE(passes(trade, R"({"method":"ping","req_id":4})", Direction::ToExchange));
  EXPECT_TRUE(passes(trade, "wss://x", Direction::FromExchange, FrameKind::Opened));
}

TEST(FrameFilter, ChoosesByConnectionAndDirection) {
  EXPECT_FALSE(passes({.connections = {ConnectionId{2}}}, kBook));
  EXPECT_TRUE(passes({.connections = {ConnectionId{1}}}, kBook));
  EXPECT_FALSE(passes({.direction = Direction::ToExchange}, kBook));
}

}  // namespace
}  // namespace ktape::test
