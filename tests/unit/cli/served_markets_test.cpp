#include "cli/served_markets.hpp"

#include <gmock/gmock.h>

#include "tests/support/frame_log.hpp"
#include "tests/support/places.hpp"

namespace ktape::cli {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const Timestamp kNow = parse_rfc3339("2026-11-22T10:11:12.345678Z").value();
// Ten minutes from 08:00:00 on, with candles.
ServeArguments ten_minutes() {
  ServeArguments arguments;
  arguments.file = test::in_source_tree("datasets/ten-minutes.ktape");
  return arguments;
}

TEST(ServedMarkets, TellARecordingAtItsOwnTime) {
  const auto markets = ServedMarkets::open(ten_minutes(), [] { return kNow; }).value();
  EXPECT_THAT(markets->notes(), ::testing::IsEmpty());
  EXPECT_FALSE(markets->follows_system_time());
  EXPECT_FALSE(markets->ended());
  ASSERT_EQ(markets->served().size(), 1U);
  EXPECT_EQ(markets->served()[0].path, "/v2");
  EXPECT_LT(markets->clock().now(), kNow - std::chrono::days(1));
}

TEST(ServedMarkets, BeginNowAndKeepCandlesOnTheirGrid) {
  auto arguments = ten_minutes();
  const auto own = ServedMarkets::open(arguments, [] { return kNow; }).value();
  arguments.rebase = "now";
  auto now = kNow;
  const auto markets = ServedMarkets::open(arguments, [&now] { return now; }).value();
  EXPECT_TRUE(markets->follows_system_time());
  EXPECT_EQ(markets->clock().now(), kNow);
  const auto& playback = static_cast<const PlaybackExchange&>(markets->main_market());
  EXPECT_EQ(playback.shift() % minutes(1), Duration::zero()) << "a candle's begin stays a full minute";
  EXPECT_LE(playback.start_time(), kNow);
  EXPECT_GT(playback.start_time(), kNow - minutes(5));
  ASSERT_EQ(markets->notes().size(), 1U);
  EXPECT_THAT(markets->notes()[0], ::testing::HasSubstr("ten-minutes.ktape is told "));
  now += seconds(3);
  markets->catch_up();
  EXPECT_EQ(markets->clock().now(), kNow + seconds(3));
}

TEST(ServedMarkets, BeginAnewInWholeSteps) {
  auto arguments = ten_minutes();
  arguments.rebase = "now";
  const auto markets = ServedMarkets::open(arguments, [] { return kNow; }).value();
  const auto& playback = static_cast<const PlaybackExchange&>(markets->main_market());
  const Duration before = playback.shift();
  markets->clock().advance_to(kNow + minutes(25) + seconds(17));
  EXPECT_TRUE(markets->ended());
  markets->hosts_options().before_attach();
  EXPECT_FALSE(markets->ended());
  EXPECT_GT(playback.shift(), before);
  EXPECT_EQ((playback.shift() - before) % minutes(1), Duration::zero());
  EXPECT_LE(playback.start_time(), markets->clock().now());
  EXPECT_GT(playback.start_time(), markets->clock().now() - minutes(5));
}

TEST(ServedMarkets, RefuseTimesThatAreNone) {
  for (const char* const wrong : {"then", "1999-01-01T00:00:00Z", "2250-01-01T00:00:00Z"}) {
    auto arguments = ten_minutes();
    arguments.rebase = wrong;
    const auto markets = ServedMarkets::open(arguments, [] { return kNow; });
    ASSERT_FALSE(markets.has_value()) << wrong;
    EXPECT_EQ(markets.error().code, Errc::InvalidArgument);
    EXPECT_THAT(markets.error().detail, ::testing::HasSubstr(wrong));
  }
}

// The book that a client gets who comes now.
std::string snapshot_of(ServedMarkets& markets, ConnectionId id) {
  test::FrameLog client;
  markets.main_market().attach(id, Endpoint::parse("ws://127.0.0.1/v2").value(), client);
  const auto say = [&](FrameKind kind, std::string_view text) {
    markets.main_market().on_frame({markets.clock().now(), id, Direction::ToExchange, kind, text});
  };
  say(FrameKind::Text,
      R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10},"req_id":1})");
  markets.clock().advance_to(markets.clock().now());
  std::string found;
  for (const std::string& text : client.payloads(Direction::FromExchange, FrameKind::Text)) {
    if (text.find(R"("channel":"book","type":"snapshot")") != std::string::npos) found = text;
  }
  say(FrameKind::Closed, "1000");
  return found;
}

TEST(ServedMarkets, GoOnAtAnotherPlaceAsIfTheyHadBegunThere) {
  const auto begun_at = [](const std::string& offset) {
    auto arguments = ten_minutes();
    arguments.start_offset = offset;
    return ServedMarkets::open(arguments, [] { return kNow; }).value();
  };
  const auto moved = begun_at("");
  test::FrameLog client;
  moved->main_market().attach(ConnectionId{1}, Endpoint::parse("ws://127.0.0.1/v2").value(), client);
  moved->clock().advance_to(moved->clock().now() + seconds(30));
  std::uint32_t next = 1;
  for (const auto& [offset, text] :
       {std::pair<Duration, const char*>{minutes(4), "4m"}, {seconds(90), "90s"}, {minutes(9), "9m"}}) {
    SCOPED_TRACE(text);
    const Timestamp now = moved->clock().now();
    ASSERT_TRUE(moved->seek(moved->first_at() + offset));
    EXPECT_EQ(moved->clock().now(), now) << "time does not move";
    EXPECT_EQ(moved->position() - moved->first_at(), offset);
    EXPECT_EQ(client.closed(), "< 1001 the recording was moved");
    const std::string snapshot = snapshot_of(*moved, ConnectionId{++next});
    EXPECT_FALSE(snapshot.empty());
    EXPECT_EQ(snapshot, snapshot_of(*begun_at(text), ConnectionId{1}));
  }
  moved->clock().advance_to(moved->clock().now() + minutes(2));
  EXPECT_TRUE(moved->ended()) << "a minute of it was left";
  ASSERT_TRUE(moved->seek(moved->first_at()));
  EXPECT_FALSE(moved->ended());
  for (const Duration beyond : {Duration(-1), Duration(minutes(11))}) {
    const auto refused = moved->seek(moved->first_at() + beyond);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().detail, ::testing::HasSubstr("is not in what is served of "));
  }
}

TEST(ServedMarkets, MoveByWholeStepsWhereTimesAreTold) {
  auto arguments = ten_minutes();
  arguments.rebase = "now";
  const auto markets = ServedMarkets::open(arguments, [] { return kNow; }).value();
  ASSERT_TRUE(markets->seek(markets->first_at() + minutes(7)));
  const Duration place = markets->position() - markets->first_at();
  EXPECT_LE(place, minutes(7));
  EXPECT_GT(place, minutes(2)) << "candles of up to five minutes";
  EXPECT_EQ((markets->clock().now() - markets->position()) % minutes(1), Duration::zero());
}

TEST(ServedMarkets, TellOfTheEngineInEveryDialect) {
  const auto markets = ServedMarkets::open(ten_minutes(), [] { return kNow; }).value();
  test::FrameLog client;
  markets->main_market().attach(ConnectionId{1}, Endpoint::parse("ws://127.0.0.1/v2").value(), client);
  markets->clock().advance_to(markets->clock().now() + seconds(1));
  ASSERT_TRUE(markets->set_engine("cancel_only"));
  EXPECT_THAT(client.frames.back().payload, ::testing::HasSubstr(R"("system":"cancel_only")"));
  ASSERT_TRUE(markets->set_engine("online"));
  EXPECT_THAT(client.frames.back().payload, ::testing::HasSubstr(R"("system":"online")"));
}

}  // namespace
}  // namespace ktape::cli
