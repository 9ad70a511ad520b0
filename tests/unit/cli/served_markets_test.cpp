#include "cli/served_markets.hpp"

#include <gmock/gmock.h>

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

}  // namespace
}  // namespace ktape::cli
