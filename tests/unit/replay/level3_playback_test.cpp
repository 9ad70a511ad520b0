#include "replay/level3_playback.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/base/virtual_clock.hpp"
#include "tests/support/frame_log.hpp"
#include "tests/support/tape.hpp"

namespace ktape {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

const Timestamp kStart = parse_rfc3339("2026-09-01T08:00:00Z").value();
constexpr ConnectionId kOne{1};
constexpr std::string_view kSnapshot =
    R"({"channel":"level3","type":"snapshot","data":[{"symbol":"ETH/EUR","checksum":2296844629,"bids":[{"order_id":"OAAAA1-BBBBB-CCCCC1","limit_price":3120.55,"order_qty":1.25000000,"timestamp":"2026-09-01T07:59:58.100200300Z"}],"asks":[{"order_id":"OAAAA2-BBBBB-CCCCC2","limit_price":3120.90,"order_qty":0.50000000,"timestamp":"2026-09-01T07:59:50.000000001Z"},{"order_id":"OAAAA3-BBBBB-CCCCC3","limit_price":3120.90,"order_qty":0.25000000,"timestamp":"2026-09-01T07:59:57.000000002Z"}],"timestamp":"2026-09-01T08:00:01.000000000Z"}]})";

class Level3PlaybackTest : public testing::Test {
 protected:
  Level3PlaybackTest() {
    tape.add(kStart, FrameKind::Opened, "wss://ws-l3.kraken.com/v2");
    tape.hear(kStart + seconds(1), kSnapshot);
    tape.add(kStart + seconds(10), FrameKind::Closed, "1000", 1, Direction::ToExchange);
    make({});
  }
  void make(Level3PlaybackOptions options) {
    options.tokens = {.accepts = [](std::string_view token, ConnectionId) { return token == "good"; },
                      .hold = [this](std::string_view, ConnectionId) { ++held; },
                      .release = [this](ConnectionId) { ++released; }};
    options.depths = {{"ETH/EUR", 10}, {"BTC/USD", 100}, {"XRP/USD", 1000}};
    exchange.emplace(
        clock,
        [this] {
          ++opened;
          return Result<std::unique_ptr<FrameSource>>(tape.source());
        },
        std::move(options));
  }
  void attach() { exchange->attach(kOne, Endpoint::parse("wss://ws-l3.kraken.com/v2").value(), client); }
  void say(std::string_view text) {
    exchange->on_frame({clock.now(), kOne, Direction::ToExchange, FrameKind::Text, text});
  }
  std::string answer_to(const std::string& params, std::string_view method = "subscribe") {
    say(R"({"method":")" + std::string(method) + R"(","params":{)" + params + "}}");
    return client.frames.back().payload;
  }

  VirtualClock clock{kStart};
  test::Tape tape;
  test::FrameLog client;
  std::optional<Level3Playback> exchange;
  int opened = 0, held = 0, released = 0;
};

TEST_F(Level3PlaybackTest, BeginsWithTheFirstClient) {
  clock.advance_to(kStart + seconds(2));
  EXPECT_EQ(opened, 0);
  attach();
  EXPECT_EQ(opened, 1);
  clock.advance_to(clock.now());
  ASSERT_EQ(client.frames.size(), 1U);
  EXPECT_THAT(client.frames[0].payload, HasSubstr(R"("channel":"status")"));
  say(R"({"method":"subscribe","req_id":5,"params":{"channel":"level3","symbol":["ETH/EUR"],"token":"good"}})");
  ASSERT_EQ(client.frames.size(), 3U);
  EXPECT_EQ(
      client.frames[1].payload,
      R"({"method":"subscribe","req_id":5,"result":{"channel":"level3","snapshot":true,"symbol":"ETH/EUR"},"success":true,"time_in":"2026-09-01T08:00:02.000000Z","time_out":"2026-09-01T08:00:02.000000Z"})");
  std::string expected(kSnapshot);
  expected.replace(expected.find("08:00:01.000000000Z"), 8, "08:00:02");
  EXPECT_EQ(client.frames[2].payload, expected);
  EXPECT_EQ(held, 1);
}

TEST_F(Level3PlaybackTest, OwesTheSnapshotUntilTheRecordingHasIt) {
  attach();
  EXPECT_THAT(answer_to(R"("channel":"level3","symbol":["ETH/EUR"],"token":"good")"), HasSubstr(R"("success":true)"));
  clock.advance_to(kStart + seconds(1));
  const auto snapshots = std::count_if(client.frames.begin(), client.frames.end(),
                                       [](const test::LoggedFrame& frame) { return frame.payload == kSnapshot; });
  EXPECT_EQ(snapshots, 1) << client.frames.back().payload;
}

TEST_F(Level3PlaybackTest, RefusesInKrakensWords) {
  attach();
  EXPECT_THAT(answer_to(R"("channel":"level3","symbol":["ETH/EUR"])"), HasSubstr(R"("error":"Token(s) not found")"));
  EXPECT_THAT(answer_to(R"("channel":"level3","symbol":["ETH/EUR"],"token":"bad")"),
              HasSubstr(R"({"channel":"level3","error":"ESession:Invalid session","method":"subscribe",)"
                        R"("status":"error","success":false,"time_in":)"));
  EXPECT_THAT(answer_to(R"("channel":"level3","symbol":["XBT/EUR"],"token":"good")"),
              HasSubstr(R"("error":"Currency pair not supported XBT/EUR")"));
  EXPECT_THAT(answer_to(R"("channel":"level3","symbol":["ETH/EUR"],"depth":25,"token":"good")"),
              HasSubstr(R"("error":"Subscription depth not supported")"));
  EXPECT_THAT(answer_to(R"("channel":"level3","symbol":["ETH/EUR"],"depth":100,"token":"good")"),
              HasSubstr("level3 ETH/EUR depth 100 is not in this recording, which holds depth 10"));
  EXPECT_THAT(answer_to(R"("channel":"book","symbol":["ETH/EUR"])"), HasSubstr(R"("success":false)"));
  EXPECT_THAT(answer_to(R"("channel":"level3","symbol":["ETH/EUR"],"token":"good")", "unsubscribe"),
              HasSubstr(R"("error":"Subscription Not Found")"));
  EXPECT_THAT(answer_to(R"("channel":"level3","symbol":["ETH/EUR"],"token":"good")"), HasSubstr(R"("success":true)"));
  EXPECT_THAT(answer_to(R"("channel":"level3","symbol":["ETH/EUR"],"token":"good")"),
              HasSubstr(R"("error":"Already subscribed")"));
  EXPECT_THAT(answer_to(R"("channel":"level3","symbol":["ETH/EUR"],"token":"good")", "unsubscribe"),
              HasSubstr(R"("method":"unsubscribe")"));
  clock.advance_to(kStart + seconds(5));
  EXPECT_EQ(client.count(Direction::FromExchange, FrameKind::Text),
            static_cast<std::size_t>(std::count_if(client.frames.begin(), client.frames.end(),
                                                   [](const test::LoggedFrame& frame) {
                                                     return frame.payload.find("\"type\":\"snapshot\"") ==
                                                            std::string::npos;
                                                   })))
      << "silence after the end of the subscription";
}

TEST_F(Level3PlaybackTest, IsAGuestThatIsSilentUntilItIsSpokenTo) {
  exchange->attach_guest(kOne, client);
  clock.advance_to(kStart + seconds(2));
  EXPECT_EQ(opened, 0);
  EXPECT_EQ(client.frames.size(), 0U);
  answer_to(R"("channel":"level3","symbol":["ETH/EUR"],"token":"good")");
  EXPECT_EQ(opened, 1);
  ASSERT_EQ(client.frames.size(), 2U);
  EXPECT_THAT(client.frames[0].payload, HasSubstr(R"("success":true)"));
  EXPECT_THAT(client.frames[1].payload, HasSubstr(R"("type":"snapshot")"));
}

TEST_F(Level3PlaybackTest, RefusesMoreSnapshotsInASecondThanKrakenDoes) {
  attach();
  const auto asked = [&](std::string_view symbol, int depth, std::string_view method = "subscribe") {
    return answer_to(fmt::format(R"("channel":"level3","symbol":["{}"],"depth":{},"token":"good")", symbol, depth),
                     method);
  };
  // 100 points for the deepest books, 25 for those of 100 levels, 5 for the smallest: 200 in a second.
  EXPECT_THAT(asked("XRP/USD", 1000), HasSubstr(R"("success":true)"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(asked("BTC/USD", 100), HasSubstr(R"("success":true)"));
    asked("BTC/USD", 100, "unsubscribe");
  }
  for (int i = 0; i < 4; ++i) {
    EXPECT_THAT(asked("ETH/EUR", 10), HasSubstr(R"("success":true)"));
    asked("ETH/EUR", 10, "unsubscribe");
  }
  EXPECT_THAT(asked("BTC/USD", 100),
              HasSubstr(R"({"channel":"level3","error":"Rate limit for snapshot requests exceeded, )"
                        R"(when trying to subscribe to BTC/USD level3 snapshot","method":)"
                        R"("subscribe","status":"error","success":false,"time_in":)"));
  EXPECT_THAT(asked("ETH/EUR", 10), HasSubstr(R"("success":true)")) << "which fits";
  clock.advance_to(kStart + std::chrono::milliseconds(999));
  EXPECT_THAT(asked("BTC/USD", 100), HasSubstr("Rate limit"));
  EXPECT_THAT(answer_to(R"("channel":"level3","symbol":["BTC/USD"],"depth":100,"snapshot":false,"token":"good")"),
              HasSubstr(R"("success":true)"))
      << "it is snapshots that cost";
  asked("BTC/USD", 100, "unsubscribe");
  clock.advance_to(kStart + seconds(1));
  EXPECT_THAT(asked("BTC/USD", 100), HasSubstr(R"("success":true)"));
}

TEST_F(Level3PlaybackTest, HearsOfNoMoreSymbolsThanKrakenAllows) {
  Level3PlaybackOptions options;
  options.symbols = 2;
  make(std::move(options));
  attach();
  const auto asked = [&](std::string_view symbol, std::string_view method = "subscribe") {
    return answer_to(fmt::format(R"("channel":"level3","symbol":["{}"],"token":"good")", symbol), method);
  };
  EXPECT_THAT(asked("ETH/EUR"), HasSubstr(R"("success":true)"));
  EXPECT_THAT(asked("BTC/USD"), HasSubstr(R"("success":true)"));
  EXPECT_THAT(asked("XRP/USD"), HasSubstr("Limit of 2 level3 symbols reached, when trying to subscribe to XRP/USD"));
  EXPECT_THAT(asked("ETH/EUR", "unsubscribe"), HasSubstr(R"("success":true)"));
  EXPECT_THAT(asked("XRP/USD"), HasSubstr(R"("success":true)"));
}

TEST_F(Level3PlaybackTest, NamesTheDepthInItsAnswersIfWanted) {
  Level3PlaybackOptions options;
  options.name_depth = true;
  make(std::move(options));
  attach();
  EXPECT_THAT(answer_to(R"("channel":"level3","symbol":["ETH/EUR"],"token":"good")"),
              HasSubstr(R"("result":{"channel":"level3","depth":10,"snapshot":true,"symbol":"ETH/EUR"})"));
}

TEST_F(Level3PlaybackTest, TellsOfTheStateOfTheEngine) {
  exchange->on_system("post_only");
  attach();
  test::FrameLog guest;
  exchange->attach_guest(ConnectionId{2}, guest);
  clock.advance_to(kStart);
  ASSERT_EQ(client.frames.size(), 1U);
  EXPECT_THAT(client.frames[0].payload, HasSubstr(R"("system":"post_only")"));
  exchange->on_system("online");
  ASSERT_EQ(client.frames.size(), 2U);
  EXPECT_THAT(client.frames[1].payload,
              HasSubstr(R"({"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online")"));
  EXPECT_EQ(guest.frames.size(), 0U) << "who hears it elsewhere";
}

TEST_F(Level3PlaybackTest, EndsWithTheRecording) {
  attach();
  clock.advance_to(kStart + seconds(20));
  EXPECT_EQ(client.closed(), "< 1001 recording ended");
  EXPECT_EQ(released, 1);
}

}  // namespace
}  // namespace ktape
