#include "relay/relay_exchange.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"
#include "net/time_ping.hpp"
#include "tests/support/frame_log.hpp"

namespace ktape {
namespace {

using test::FrameLog;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Lines = std::vector<std::string>;

// "< text hello": what crossed, without time and connection.
Lines lines_of(const FrameLog& log) {
  Lines out;
  for (const auto& frame : log.frames) {
    out.push_back(std::string(frame.direction == Direction::FromExchange ? "< " : "> ") +
                  std::string(to_string(frame.kind)) + (frame.payload.empty() ? "" : " ") + frame.payload);
  }
  return out;
}

class RelayExchangeTest : public ::testing::Test {
 protected:
  // Reports as a Transport does; what it was told to do is noted.
  class ScriptedUpstream final : public Upstream {
   public:
    ScriptedUpstream(RelayExchangeTest& its_test, ConnectionId its_number) : test(its_test), number(its_number) {
      test.upstreams[number] = this;
    }
    ~ScriptedUpstream() override { test.upstreams.erase(number); }

    void connect(const Endpoint& endpoint, FrameSink& inbound) override {
      test.led_to.push_back(endpoint.url());
      sink = &inbound;
    }
    void send(FrameKind kind, std::string_view payload) override {
      ASSERT_TRUE(open);
      report(Direction::ToExchange, kind, payload);
    }
    void close(const CloseInfo& why) override { test.closes.push_back(why.text()); }

    void opens() {
      open = true;
      report(Direction::FromExchange, FrameKind::Opened, "wss://there/v2");
    }
    void says(FrameKind kind, std::string_view payload) { report(Direction::FromExchange, kind, payload); }
    void ends(Direction who, std::string_view text) { report(who, FrameKind::Closed, text); }

   private:
    void report(Direction direction, FrameKind kind, std::string_view payload) {
      sink->on_frame({test.clock.now(), number, direction, kind, payload});
    }

    RelayExchangeTest& test;
    ConnectionId number;
    FrameSink* sink = nullptr;
    bool open = false;
  };

  RelayOptions options() {
    RelayOptions out;
    out.way = [this](ConnectionId number, const Endpoint& asked) {
      Endpoint there = asked;
      there.host = "there";
      return RelayOptions::Way{std::make_unique<ScriptedUpstream>(*this, number), there};
    };
    return out;
  }
  void connect(RelayExchange& relay, FrameLog& who, std::uint32_t as = 5) {
    relay.attach(ConnectionId{as}, Endpoint::parse("wss://here/v2").value(), who);
  }
  void say(RelayExchange& relay, FrameKind kind, std::string_view payload, std::uint32_t as = 5) {
    relay.on_frame({clock.now(), ConnectionId{as}, Direction::ToExchange, kind, payload});
  }
  ScriptedUpstream& upstream(std::uint32_t number = 1) { return *upstreams.at(ConnectionId{number}); }

  VirtualClock clock{from_nanoseconds(1'788'249'600'000'000'000)};
  FrameLog recorded;
  FrameLog client;
  std::map<ConnectionId, ScriptedUpstream*> upstreams;
  Lines led_to;
  Lines closes;
};

TEST_F(RelayExchangeTest, PassesEveryKindOfFrameOnInBothDirections) {
  RelayExchange relay(clock, recorded, options());
  connect(relay, client);
  upstream().opens();
  const std::vector<std::pair<FrameKind, std::string>> all{{FrameKind::Text, "{\"a\": 1}"},
                                                           {FrameKind::Binary, std::string("\0\1", 2)},
                                                           {FrameKind::Ping, "are you there"},
                                                           {FrameKind::Pong, "I am"},
                                                           {FrameKind::Text, ""}};
  for (const auto& [kind, payload] : all) {
    upstream().says(kind, payload);
    say(relay, kind, payload);
  }
  ASSERT_EQ(client.frames.size(), all.size());
  ASSERT_EQ(recorded.frames.size(), 1 + 2 * all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(client.frames[i],
              (test::LoggedFrame{clock.now(), ConnectionId{5}, Direction::FromExchange, all[i].first, all[i].second}));
    EXPECT_EQ(recorded.frames[1 + 2 * i].payload, all[i].second);
    EXPECT_EQ(recorded.frames[1 + 2 * i].direction, Direction::FromExchange);
    EXPECT_EQ(recorded.frames[2 + 2 * i].kind, all[i].first);
    EXPECT_EQ(recorded.frames[2 + 2 * i].payload, all[i].second);
    EXPECT_EQ(recorded.frames[2 + 2 * i].direction, Direction::ToExchange);
    EXPECT_EQ(recorded.frames[2 + 2 * i].connection, ConnectionId{1});
  }
  EXPECT_THAT(led_to, ElementsAre("wss://there/v2"));
}

TEST_F(RelayExchangeTest, HoldsBackWhatIsSaidBeforeTheUpstreamStands) {
  RelayExchange relay(clock, recorded, options());
  connect(relay, client);
  say(relay, FrameKind::Text, "one");
  say(relay, FrameKind::Ping, "two");
  EXPECT_THAT(recorded.frames, IsEmpty());
  upstream().opens();
  say(relay, FrameKind::Text, "three");
  EXPECT_THAT(lines_of(recorded), ElementsAre("< opened wss://there/v2", "> text one", "> ping two", "> text three"));
  EXPECT_THAT(client.frames, IsEmpty());
}

TEST_F(RelayExchangeTest, EndsTheClientAsTheExchangeEndsIt) {
  for (const std::string ending : {"1001 recording ended", "4001 go away", "1005", "1006 connection lost: reset"}) {
    FrameLog heard;
    RelayExchange relay(clock, recorded, options());
    connect(relay, heard);
    upstream().opens();
    upstream().ends(Direction::FromExchange, ending);
    EXPECT_THAT(lines_of(heard), ElementsAre("< closed " + CloseInfo::parse(ending)->text()));
    EXPECT_EQ(relay.links(), 0U);
    EXPECT_THAT(upstreams, IsEmpty());
    say(relay, FrameKind::Text, "too late");
    say(relay, FrameKind::Closed, "1000 ");
  }
  EXPECT_THAT(closes, IsEmpty());
}

TEST_F(RelayExchangeTest, EndsTheUpstreamAsTheClientEndsIt) {
  RelayExchange relay(clock, recorded, options());
  connect(relay, client);
  upstream().opens();
  say(relay, FrameKind::Closed, "4000 enough");
  EXPECT_THAT(closes, ElementsAre("4000 enough"));
  upstream().says(FrameKind::Text, "still under way");
  EXPECT_EQ(relay.links(), 1U);
  upstream().ends(Direction::ToExchange, "4000 enough");
  EXPECT_THAT(lines_of(recorded),
              ElementsAre("< opened wss://there/v2", "< text still under way", "> closed 4000 enough"));
  EXPECT_THAT(client.frames, IsEmpty());  // nobody is there to hear
  EXPECT_EQ(relay.links(), 0U);
}

TEST_F(RelayExchangeTest, TellsAClientWhoseUpstreamDoesNotCome) {
  RelayExchange relay(clock, recorded, options());
  connect(relay, client);
  say(relay, FrameKind::Text, "hello?");
  upstream().ends(Direction::FromExchange, "1006 connect: refused");
  EXPECT_THAT(lines_of(client), ElementsAre("< closed 1013 connect: refused"));
  EXPECT_THAT(lines_of(recorded), ElementsAre("< closed 1006 connect: refused"));
  EXPECT_EQ(relay.links(), 0U);
}

TEST_F(RelayExchangeTest, GivesAnAttemptUpWhenItsClientGoes) {
  RelayExchange relay(clock, recorded, options());
  connect(relay, client);
  say(relay, FrameKind::Closed, "1000 ");
  EXPECT_THAT(closes, ElementsAre(CloseInfo{1000, ""}.text()));
}

TEST_F(RelayExchangeTest, DeliversTheWordsOfAClientThatHasGoneBeforeTheUpstreamStood) {
  RelayExchange relay(clock, recorded, options());
  connect(relay, client);
  say(relay, FrameKind::Text, "buy");
  say(relay, FrameKind::Closed, "1000 ");
  EXPECT_THAT(closes, IsEmpty());
  upstream().opens();
  EXPECT_THAT(lines_of(recorded), ElementsAre("< opened wss://there/v2", "> text buy"));
  EXPECT_THAT(closes, ElementsAre(CloseInfo{1000, ""}.text()));
}

TEST_F(RelayExchangeTest, ClosesAClientThatSaysTooMuchTooEarly) {
  auto how = options();
  how.max_early_bytes = 950;
  RelayExchange relay(clock, recorded, std::move(how));
  connect(relay, client);
  say(relay, FrameKind::Text, std::string(400, 'a'));
  say(relay, FrameKind::Text, std::string(400, 'b'));
  EXPECT_THAT(client.frames, IsEmpty());
  say(relay, FrameKind::Text, "c");
  const std::string why = "1008 said more than 950 bytes before the exchange could be reached";
  EXPECT_THAT(lines_of(client), ElementsAre("< closed " + why));
  EXPECT_THAT(closes, ElementsAre(why));
  say(relay, FrameKind::Text, "d");
  upstream().ends(Direction::ToExchange, why);
  EXPECT_THAT(lines_of(recorded), ElementsAre("> closed " + why));
}

TEST_F(RelayExchangeTest, CountsManyEmptyMessagesToo) {
  auto how = options();
  how.max_early_bytes = 6400;
  RelayExchange relay(clock, recorded, std::move(how));
  connect(relay, client);
  for (int i = 0; i < 100; ++i) say(relay, FrameKind::Text, "");
  EXPECT_THAT(client.frames, IsEmpty());
  say(relay, FrameKind::Text, "");
  EXPECT_EQ(client.frames.size(), 1U);
}

TEST_F(RelayExchangeTest, GivesEachClientTheLowestNumberThatIsFree) {
  RelayExchange relay(clock, recorded, options());
  FrameLog second, third, fourth;
  connect(relay, client, 11);
  connect(relay, second, 12);
  connect(relay, third, 13);
  for (std::uint32_t number = 1; number <= 3; ++number) upstream(number).opens();
  upstream(2).says(FrameKind::Text, "for the second");
  EXPECT_THAT(lines_of(second), ElementsAre("< text for the second"));
  EXPECT_EQ(second.frames[0].connection, ConnectionId{12});
  say(relay, FrameKind::Closed, "1000 ", 12);
  connect(relay, fourth, 14);  // the second is not closed yet
  EXPECT_TRUE(upstreams.contains(ConnectionId{4}));
  upstream(2).ends(Direction::ToExchange, "1000 ");
  FrameLog fifth;
  connect(relay, fifth, 15);
  EXPECT_TRUE(upstreams.contains(ConnectionId{2}));
  EXPECT_EQ(relay.links(), 4U);
}

TEST_F(RelayExchangeTest, PassesAServersTimeOnWithoutRecordingIt) {
  auto how = options();
  how.server_keeps_time = true;
  RelayExchange relay(clock, recorded, std::move(how));
  connect(relay, client);
  upstream().opens();
  const std::string time = net::time_ping(clock.now());
  upstream().says(FrameKind::Ping, time);
  say(relay, FrameKind::Text, "subscribe");
  say(relay, FrameKind::Pong, time);
  upstream().says(FrameKind::Ping, "another");
  EXPECT_THAT(lines_of(client), ElementsAre("< ping " + time, "< ping another"));
  EXPECT_THAT(lines_of(recorded), ElementsAre("< opened wss://there/v2", "> text subscribe", "< ping another"));
}

TEST_F(RelayExchangeTest, RecordsAServersTimeWhereItIsNotTheClock) {
  RelayExchange relay(clock, recorded, options());
  connect(relay, client);
  upstream().opens();
  upstream().says(FrameKind::Ping, net::time_ping(clock.now()));
  EXPECT_EQ(recorded.count(Direction::FromExchange, FrameKind::Ping), 1U);
}

TEST_F(RelayExchangeTest, IgnoresWhoIsNotThere) {
  RelayExchange relay(clock, recorded, options());
  say(relay, FrameKind::Text, "anybody?");
  EXPECT_THAT(recorded.frames, IsEmpty());
}

}  // namespace
}  // namespace ktape
