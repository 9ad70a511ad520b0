#include "core/client/kraken_client.hpp"

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/market/event_text.hpp"
#include "tests/support/scripted_transport.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "private stream_state", "public reply": where from, and what.
class Notes final : public EventSink, public ClientNotices {
 public:
  void on_event(const Event& event) override {
    std::string text;
    append_event_text(text, Timestamp{}, 0, event);
    constexpr std::string_view kName = "\"event\":\"";
    const auto begin = text.find(kName) + kName.size();
    lines.push_back(fmt::format("{} {}", origin(), text.substr(begin, text.find('"', begin) - begin)));
    if (reaction) reaction(event);
  }
  void failed(const Error& what) override { lines.push_back(fmt::format("{} failed: {}", origin(), what.detail)); }
  void retrying(int attempt, Duration) override { lines.push_back(fmt::format("{} attempt {}", origin(), attempt)); }

  std::string_view origin() const { return client->source() ? to_string(*client->source()) : "nobody"; }
  std::vector<std::string> take() { return std::exchange(lines, {}); }

  const KrakenClient* client = nullptr;
  std::vector<std::string> lines;
  std::function<void(const Event&)> reaction;
};

// Gives tokens.
class Tokens final : public Authoriser {
 public:
  void authorise(const Need& need, Done done) override {
    ++asked;
    Authorisation granted{.token = fmt::format("TOKEN{}", asked), .api_key = "KEY"};
    if (!need.challenge.empty()) {
      granted.original_challenge = need.challenge;
      granted.signed_challenge = "SIGNED";
    }
    done(std::move(granted));
  }
  int asked = 0;
};

struct KrakenClientTest : testing::Test {
  void build(KrakenClientOptions options = {}) {
    options.client.authoriser = &tokens;
    options.client.notices = &notes;
    client = std::make_unique<KrakenClient>(
        [this](ConnectionId id) {
          auto made = std::make_unique<ScriptedTransport>(clock);
          lines[id] = made.get();
          return made;
        },
        clock, notes, std::move(options));
    notes.client = client.get();
    client->start();
  }
  void pass(Duration span) { clock.advance_to(clock.now() + span); }
  ScriptedTransport& line(HostKind host) { return *lines.at(connection_to(host)); }
  void open(HostKind host) {
    line(host).open();
    pass(0s);
  }
  void acknowledge(HostKind host, std::string_view channel, int id, std::string_view more = "") {
    line(host).say(fmt::format(
        R"({{"method":"subscribe","req_id":{},"result":{{"channel":"{}","snapshot":true{}}},"success":true,)"
        R"("time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"}})",
        id, channel, more));
  }
  // A private connection with executions and balances, both confirmed.
  void open_account() {
    build();
    ASSERT_TRUE(client->subscribe({.channel = Channel::Executions}));
    ASSERT_TRUE(client->subscribe({.channel = Channel::Balances}));
    open(HostKind::Private);
    acknowledge(HostKind::Private, "executions", 1);
    acknowledge(HostKind::Private, "balances", 2);
  }
  void tell_executions(std::string_view type, int sequence, std::string_view reports) {
    line(HostKind::Private)
        .say(fmt::format(R"({{"channel":"executions","type":"{}","data":[{}],"sequence":{}}})", type, reports,
                         sequence));
  }

  static constexpr std::string_view kNewOrder =
      R"({"order_id":"OAAAA5-BBBBB-CCCCC5","symbol":"ETH/EUR","order_qty":0.50000000,"cum_cost":0.00000,)"
      R"("time_in_force":"GTC","exec_type":"new","side":"buy","order_type":"limit","limit_price":3120.90,)"
      R"("order_status":"new","timestamp":"2026-09-01T08:01:01.637700Z"})";
  static constexpr std::string_view kAmended =
      R"({"order_id":"OAAAA5-BBBBB-CCCCC5","exec_type":"amended","order_status":"new","limit_price":3000.00,)"
      R"("timestamp":"2026-09-01T08:01:02.637700Z"})";

  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00Z").value()};
  Tokens tokens;
  Notes notes;
  std::map<ConnectionId, ScriptedTransport*> lines;
  std::unique_ptr<KrakenClient> client;
};

TEST_F(KrakenClientTest, ConnectsOnlyWhereSomethingIsWanted) {
  build();
  EXPECT_THAT(lines, IsEmpty());
  ASSERT_TRUE(client->subscribe({.channel = Channel::Trade, .symbols = {"BTC/USD"}}));
  EXPECT_EQ(lines.size(), 1U);
  EXPECT_EQ(line(HostKind::Public).connects, 1);
  ASSERT_TRUE(client->subscribe({.channel = Channel::Executions}));
  ASSERT_TRUE(client->subscribe({.channel = Channel::Level3, .symbols = {"BTC/USD"}}));
  EXPECT_EQ(lines.size(), 3U);
  EXPECT_EQ(line(HostKind::Private).connects, 1);
  EXPECT_EQ(line(HostKind::Level3).connects, 1);
}

TEST_F(KrakenClientTest, ConnectsWhatWasWantedBeforeItStarts) {
  KrakenClient early(
      [this](ConnectionId id) {
        auto made = std::make_unique<ScriptedTransport>(clock);
        lines[id] = made.get();
        return made;
      },
      clock, notes);
  notes.client = &early;
  ASSERT_TRUE(early.add_book("BTC/USD"));
  EXPECT_EQ(line(HostKind::Public).connects, 0);
  early.start();
  EXPECT_EQ(line(HostKind::Public).connects, 1);
}

TEST_F(KrakenClientTest, MakesNoConnectionForWhatIsRefused) {
  build();
  const auto refused = client->subscribe({.channel = Channel::Book, .symbols = {"BTC/USD"}, .depth = 50});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("50"));
  EXPECT_EQ(client->client(HostKind::Public), nullptr);
}

TEST_F(KrakenClientTest, KeepsTokensAwayFromThePublicHost) {
  open_account();
  ASSERT_TRUE(client->add_book("BTC/USD"));
  open(HostKind::Public);
  EXPECT_THAT(line(HostKind::Private).sent.front(), HasSubstr(R"("token":"TOKEN1")"));
  for (const std::string& sent : line(HostKind::Public).sent) EXPECT_THAT(sent, testing::Not(HasSubstr("TOKEN")));
}

TEST_F(KrakenClientTest, LetsOneConnectionLiveWhenAnotherIsLost) {
  open_account();
  ASSERT_TRUE(client->subscribe({.channel = Channel::Trade, .symbols = {"BTC/USD"}}));
  open(HostKind::Public);
  acknowledge(HostKind::Public, "trade", 1, R"(,"symbol":"BTC/USD")");
  notes.take();
  line(HostKind::Private).drop();
  EXPECT_FALSE(client->connected(HostKind::Private));
  EXPECT_TRUE(client->connected(HostKind::Public));
  EXPECT_FALSE(client->disconnected());
  for (const std::string& note : notes.take()) EXPECT_THAT(note, testing::StartsWith("private "));
  const auto active = client->active_subscriptions();
  ASSERT_EQ(active.size(), 1U);
  EXPECT_EQ(active.front().host, HostKind::Public);
  EXPECT_EQ(active.front().stream.subscription.channel, Channel::Trade);
  EXPECT_EQ(client->streams().size(), 3U);
}

TEST_F(KrakenClientTest, TellsWhereAnEventCameFromWhileItIsHandled) {
  build();
  ASSERT_TRUE(client->add_book("BTC/USD"));
  ASSERT_TRUE(client->subscribe({.channel = Channel::Balances}));
  open(HostKind::Private);
  open(HostKind::Public);
  EXPECT_THAT(notes.take(), ElementsAre("private link", "private stream_state", "public link", "public stream_state"));
  EXPECT_EQ(client->source(), std::nullopt);
  notes.reaction = [](const Event&) { throw std::runtime_error("a bug of the user's"); };
  line(HostKind::Public).say(R"({"channel":"heartbeat"})");
  EXPECT_EQ(client->source(), std::nullopt) << "also after a handler that threw";
  EXPECT_THAT(notes.take(),
              ElementsAre("public heartbeat", "public failed: an event handler threw: a bug of the user's"));
}

TEST_F(KrakenClientTest, TradesOnlyOnTheConnectionThatMay) {
  const TradingRequest order = CancelAll{};
  build();
  EXPECT_THAT(client->trade(order).error().detail,
              testing::StrEq("cancel_all: this client does not trade, since allow_trading names no connection"));
  build({.allow_trading = HostKind::Public});
  EXPECT_THAT(client->trade(order).error().detail, HasSubstr("allow_trading names the public one"));
  EXPECT_EQ(client->client(HostKind::Private), nullptr);
  build({.dialect = Dialect::FuturesV1, .allow_trading = HostKind::Public});
  EXPECT_THAT(client->trade(order).error().detail, HasSubstr("they go over REST"));
}

TEST_F(KrakenClientTest, RefusesAnOrderThatCouldNotLeaveAtOnceAndBeginsToConnect) {
  build({.allow_trading = HostKind::Private});
  EXPECT_THAT(client->trade(CancelAll{}).error().detail, HasSubstr("there is no connection, so nothing was sent"));
  open(HostKind::Private);
  EXPECT_THAT(line(HostKind::Private).sent, IsEmpty()) << "what was refused is not sent later";
  const auto id = client->trade(CancelAll{});
  ASSERT_TRUE(id);
  pass(0s);
  EXPECT_THAT(line(HostKind::Private).sent,
              ElementsAre(fmt::format(R"({{"method":"cancel_all","params":{{"token":"TOKEN1"}},"req_id":{}}})", *id)));
}

TEST_F(KrakenClientTest, SendsRawTextWhereItIsTold) {
  build();
  EXPECT_THAT(client->send_raw(HostKind::Private, "x").error().detail, HasSubstr("the private host: "));
  ASSERT_TRUE(client->add_book("BTC/USD"));
  EXPECT_FALSE(client->send_raw(HostKind::Public, "x")) << "it is not connected yet";
  open(HostKind::Public);
  ASSERT_TRUE(client->send_raw(HostKind::Public, R"({"method":"ping","req_id":77})"));
  pass(0s);
  EXPECT_EQ(line(HostKind::Public).sent.back(), R"({"method":"ping","req_id":77})");
}

TEST_F(KrakenClientTest, MergesWhatIsToldOfAnOrder) {
  open_account();
  EXPECT_EQ(client->orders_state().state, StreamState::Recovering);
  EXPECT_EQ(client->orders_state().reason, "waits for a snapshot");
  tell_executions("snapshot", 1, "");
  EXPECT_TRUE(client->orders_state().live()) << "an account without orders is known as well";
  bool seen = false;
  notes.reaction = [&](const Event& event) {
    if (!std::holds_alternative<OrderReports>(event)) return;
    seen = client->orders().open_count() == 1;
  };
  tell_executions("update", 2, kNewOrder);
  EXPECT_TRUE(seen) << "the handler finds the order in the table";
  tell_executions("update", 3, kAmended);
  const auto order = client->orders().get("OAAAA5-BBBBB-CCCCC5");
  ASSERT_NE(order, nullptr);
  EXPECT_EQ(order->limit_price->text(), "3000.00");
  EXPECT_EQ(order->symbol, "ETH/EUR") << "which the last report did not say";
  EXPECT_EQ(order->reports, 2U);
}

TEST_F(KrakenClientTest, SaysThatOrdersAreStaleUntilANewSnapshotCame) {
  open_account();
  tell_executions("snapshot", 1, kNewOrder);
  ASSERT_TRUE(client->orders_state().live());
  notes.reaction = [&](const Event& event) {
    if (std::holds_alternative<LinkChange>(event)) {
      EXPECT_FALSE(client->orders_state().live()) << "already then";
    }
  };
  line(HostKind::Private).drop();
  notes.reaction = nullptr;
  EXPECT_EQ(client->orders_state().state, StreamState::Recovering);
  EXPECT_EQ(client->orders_state().reason, "the connection is down");
  EXPECT_EQ(client->orders().open_count(), 1U) << "what was known then";
  pass(0s);
  open(HostKind::Private);
  acknowledge(HostKind::Private, "executions", 3);
  EXPECT_FALSE(client->orders_state().live()) << "confirmed, and nothing told";
  tell_executions("snapshot", 1, "");
  EXPECT_TRUE(client->orders_state().live());
  EXPECT_EQ(client->orders().open_count(), 0U) << "it was closed meanwhile";
}

TEST_F(KrakenClientTest, SaysThatOrdersAreStaleWhenNothingIsHeard) {
  open_account();
  tell_executions("snapshot", 1, kNewOrder);
  pass(6s);
  EXPECT_EQ(client->orders_state().state, StreamState::Stale);
  EXPECT_THAT(client->orders_state().reason, HasSubstr("nothing heard for 5s"));
  line(HostKind::Private).say(R"({"channel":"heartbeat"})");
  EXPECT_TRUE(client->orders_state().live());
}

TEST_F(KrakenClientTest, SaysThatOrdersAreStaleWhenAMessageIsMissing) {
  open_account();
  tell_executions("snapshot", 1, kNewOrder);
  std::string when_told;
  notes.reaction = [&](const Event& event) {
    if (std::holds_alternative<SequenceGap>(event)) when_told = client->orders_state().reason;
  };
  tell_executions("update", 4, kAmended);
  EXPECT_EQ(when_told, "messages 2 to 3 are missing");
  EXPECT_EQ(client->orders_state().state, StreamState::Recovering);
  acknowledge(HostKind::Private, "executions", 4);
  EXPECT_EQ(client->orders_state().reason, "waits for a snapshot");
  tell_executions("snapshot", 1, kNewOrder);
  EXPECT_TRUE(client->orders_state().live());
}

TEST_F(KrakenClientTest, KeepsBalances) {
  open_account();
  EXPECT_FALSE(client->balances_state().live());
  line(HostKind::Private)
      .say(R"({"channel":"balances","type":"snapshot","data":[{"asset":"BTC","asset_class":"currency",)"
           R"("balance":1.2,"wallets":[{"type":"spot","id":"main","balance":1.2}]}],"sequence":1})");
  EXPECT_TRUE(client->balances_state().live());
  const auto btc = client->balances().get("BTC");
  ASSERT_NE(btc, nullptr);
  EXPECT_EQ(btc->wallets.at("spot/main").text(), "1.2");
}

TEST_F(KrakenClientTest, KnowsNothingOfAnAccountThatNobodyAskedFor) {
  build();
  ASSERT_TRUE(client->add_book("BTC/USD"));
  EXPECT_EQ(client->orders_state().state, StreamState::Ended);
  EXPECT_EQ(client->balances_state().reason, "not subscribed");
}

TEST_F(KrakenClientTest, StopsEverythingAndAsksForNothingMore) {
  open_account();
  ASSERT_TRUE(client->add_book("BTC/USD"));
  open(HostKind::Public);
  client->stop();
  EXPECT_EQ(line(HostKind::Public).closes.size(), 1U);
  EXPECT_EQ(line(HostKind::Private).closes.size(), 1U);
  EXPECT_THAT(client->subscribe({.channel = Channel::Level3, .symbols = {"BTC/USD"}}).error().detail,
              HasSubstr("was stopped"));
  line(HostKind::Public).drop("1000 ");
  line(HostKind::Private).drop("1000 ");
  EXPECT_TRUE(client->disconnected());
  pass(60s);
  EXPECT_EQ(line(HostKind::Public).connects, 1);
}

TEST_F(KrakenClientTest, SharesOneBudgetOfAttempts) {
  KrakenClientOptions options;
  options.client.reconnect = {.instant_tries = 100, .attempts_per_window = 3, .window = 10min};
  build(std::move(options));
  ASSERT_TRUE(client->add_book("BTC/USD"));
  ASSERT_TRUE(client->subscribe({.channel = Channel::Executions}));
  for (int i = 0; i < 3; ++i) {
    for (const HostKind host : {HostKind::Public, HostKind::Private}) {
      line(host).drop();
      pass(0s);
    }
  }
  EXPECT_EQ(line(HostKind::Public).connects + line(HostKind::Private).connects, 2 + 3);
}

TEST_F(KrakenClientTest, SpeaksSpotV1OnTwoHosts) {
  build({.dialect = Dialect::SpotV1});
  ASSERT_TRUE(client->add_book("BTC/USD"));
  ASSERT_TRUE(client->subscribe({.channel = Channel::OpenOrders}));
  EXPECT_FALSE(client->subscribe({.channel = Channel::Level3, .symbols = {"BTC/USD"}})) << "which v1 does not have";
  EXPECT_EQ(lines.size(), 2U);
  open(HostKind::Private);
  EXPECT_THAT(line(HostKind::Private).sent,
              ElementsAre(AllOf(HasSubstr(R"("name":"openOrders")"), HasSubstr(R"("token":"TOKEN1")"))));
  line(HostKind::Private)
      .say(R"({"channelName":"openOrders","event":"subscriptionStatus","reqid":1,"status":"subscribed",)"
           R"("subscription":{"name":"openOrders"}})");
  EXPECT_FALSE(client->orders_state().live());
  line(HostKind::Private).say(R"([[],"openOrders",{"sequence":1}])");
  EXPECT_TRUE(client->orders_state().live());
}

TEST_F(KrakenClientTest, HasOneConnectionForFutures) {
  build({.dialect = Dialect::FuturesV1});
  ASSERT_TRUE(client->subscribe({.channel = Channel::Ticker, .symbols = {"PF_XBTUSD"}}));
  ASSERT_TRUE(client->subscribe({.channel = Channel::OpenOrders}));
  EXPECT_EQ(lines.size(), 1U);
  open(HostKind::Public);
  EXPECT_EQ(client->orders_state().state, StreamState::Ended) << "not asked for before the challenge is signed";
  line(HostKind::Public).say(R"({"event":"challenge","message":"226aee50-88fc-4618-a42a-34f7709570b2"})");
  pass(0s);
  line(HostKind::Public).say(R"({"event":"subscribed","feed":"open_orders"})");
  EXPECT_EQ(client->orders_state().reason, "waits for a snapshot");
  line(HostKind::Public)
      .say(R"({"feed":"open_orders_snapshot","account":"e258dba9-4dd5-4da5-bfef-75beb91c098e","orders":[]})");
  EXPECT_TRUE(client->orders_state().live());
}

TEST(ExchangeHosts, KnowsWhereKrakenIs) {
  const auto urls = [](Dialect dialect) {
    const ExchangeHosts hosts = ExchangeHosts::of_kraken(dialect);
    std::vector<std::string> all;
    for (const HostKind host : {HostKind::Public, HostKind::Private, HostKind::Level3}) {
      if (!hosts.at(host).host.empty()) all.push_back(hosts.at(host).url());
    }
    return all;
  };
  EXPECT_THAT(urls(Dialect::SpotV2),
              ElementsAre("wss://ws.kraken.com/v2", "wss://ws-auth.kraken.com/v2", "wss://ws-l3.kraken.com/v2"));
  EXPECT_THAT(urls(Dialect::SpotV1), ElementsAre("wss://ws.kraken.com/", "wss://ws-auth.kraken.com/"));
  EXPECT_THAT(urls(Dialect::FuturesV1), ElementsAre("wss://futures.kraken.com/ws/v1"));
}

}  // namespace
}  // namespace ktape
