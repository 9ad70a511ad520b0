// Our own REST client, authoriser and websocket client against the mock of Kraken's hosts, over TLS on one port.
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "core/client/client.hpp"
#include "core/market/balance_table.hpp"
#include "core/market/order_table.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "live/http_client.hpp"
#include "rest/token_authoriser.hpp"
#include "tests/support/network.hpp"
#include "tests/support/small_market.hpp"

namespace ktape::test {
namespace {

using ::testing::HasSubstr;

// Keeps what the account is told.
class AccountSink final : public EventSink {
 public:
  explicit AccountSink(const Clock& clock) : clock_(clock) {}
  void on_event(const Event& event) override {
    if (const auto* reports = std::get_if<OrderReports>(&event)) {
      EXPECT_TRUE(orders.apply(*reports, clock_.now()).has_value());
      for (const OrderReport& report : reports->reports) told.emplace_back(report.what);
    } else if (const auto* changes = std::get_if<BalanceReports>(&event)) {
      EXPECT_TRUE(balances.apply(*changes).has_value());
    } else if (const auto* reply = std::get_if<TradingReply>(&event)) {
      replies.emplace_back(reply->success ? "done" : std::string(reply->error));
    } else if (const auto* gap = std::get_if<SequenceGap>(&event)) {
      ADD_FAILURE() << "a hole in " << gap->channel;
    }
  }
  OrderTable orders;
  BalanceTable balances;
  std::vector<std::string> told, replies;

 private:
  const Clock& clock_;
};

class PrivateHosts : public ::testing::TestWithParam<const char*> {
 protected:
  PrivateHosts() {
    MockServerOptions options;
    options.listen = {{.security = ListenAddress::Security::Tls}};
    options.identity = test_identity();
    options.pace = ServerPace::Manual;
    options.accepts = [this](const Endpoint& asked) { return market.kraken.serves(asked); };
    options.answer_http = [this](const net::HttpRequest& request) { return market.kraken.answer(request); };
    server.emplace(loop.context(), market.kraken, market.clock, std::move(options));
    endpoint = server->listen().value().front();
    server->advance_to(SmallMarket::kStart + std::chrono::seconds(20));
  }
  ::testing::AssertionResult until(const std::function<bool()>& done) {
    return loop.run_until(done, kPatience) ? ::testing::AssertionSuccess() : ::testing::AssertionFailure();
  }

  SmallMarket market;
  LiveLoop loop;
  std::optional<MockServer> server;
  Endpoint endpoint;
};

INSTANTIATE_TEST_SUITE_P(ByPath, PrivateHosts, ::testing::Values("/v2/auth"));
INSTANTIATE_TEST_SUITE_P(OneUrl, PrivateHosts, ::testing::Values("/v2"));

TEST_P(PrivateHosts, TradeAndTellAnAccountThatHasAskedForATokenByRest) {
  HttpClientOptions trusting;
  trusting.ca_pem = test_identity().ca;
  HttpClient http(loop, endpoint, trusting);
  const auto credentials = example_credentials();
  rest::NonceSource nonces(loop.clock());
  rest::RestClient rest(http, loop.clock(), {}, rest::RestClient::Account{credentials, nonces});
  rest::TokenAuthoriser authoriser(rest, loop.clock());

  AccountSink account(loop.clock());
  WebSocketTransport transport(loop, ConnectionId{1}, Network::trusting());
  spot_v2::SpotV2Codec codec;
  ClientOptions options;
  options.endpoint = endpoint;
  options.endpoint.target = GetParam();
  options.authoriser = &authoriser;
  options.allow_trading = true;
  options.reconnects = false;
  Client client(transport, codec, loop.clock(), account, options);
  ASSERT_TRUE(client.subscribe({.channel = Channel::Executions}).has_value());
  ASSERT_TRUE(client.subscribe({.channel = Channel::Balances}).has_value());
  client.start();
  ASSERT_TRUE(until([&] { return client.active_subscriptions().size() == 2 && account.balances.get("USD"); }));
  EXPECT_EQ(account.balances.get("USD")->total, decimal("10000"));

  AddOrder order;
  order.order.symbol = "BTC/USD";
  order.order.order_type = "market";
  order.order.quantity = decimal("0.1");
  ASSERT_TRUE(client.trade(order).has_value());
  ASSERT_TRUE(until([&] { return !account.told.empty() && account.told.back() == "filled"; }));
  EXPECT_THAT(account.told, ::testing::ElementsAre("pending_new", "new", "trade", "filled"));
  EXPECT_THAT(account.replies, ::testing::ElementsAre("done"));
  EXPECT_EQ(account.balances.get("USD")->total, decimal("3674.7900")) << "10000 - 6300.01 - 25.20004, in USD's places";
  EXPECT_EQ(account.balances.get("BTC")->total, decimal("1.6"));
  EXPECT_EQ(account.balances.inconsistencies(), 0U);

  order.order.order_type = "limit";
  order.order.limit_price = decimal("1000000");
  order.order.quantity = decimal("5");
  ASSERT_TRUE(client.trade(order).has_value());
  ASSERT_TRUE(until([&] { return account.replies.size() == 2; }));
  EXPECT_EQ(account.replies.back(), "EOrder:Insufficient funds");

  order.order.limit_price = decimal("1000");
  order.order.quantity = decimal("0.5");
  ASSERT_TRUE(client.trade(order).has_value());
  ASSERT_TRUE(until([&] { return account.orders.open_count() == 1; }));
  ASSERT_TRUE(client.trade(CancelAll{}).has_value());
  ASSERT_TRUE(until([&] { return account.orders.open_count() == 0; }));
  EXPECT_EQ(account.told.back(), "canceled");

  // The end of the recording ends private connections, too.
  server->advance_to(SmallMarket::kStart + std::chrono::minutes(10));
  ASSERT_TRUE(until([&] { return !client.connected(); }));
}

TEST_P(PrivateHosts, RefuseAStrangerBeforeHeHasAToken) {
  HttpClientOptions trusting;
  trusting.ca_pem = test_identity().ca;
  HttpClient http(loop, endpoint, trusting);
  const auto stranger = rest::Credentials::create("nobody", kExampleSecret).value();
  rest::NonceSource nonces(loop.clock());
  rest::RestClient rest(http, loop.clock(), {}, rest::RestClient::Account{stranger, nonces});
  std::string told;
  rest.web_sockets_token(
      [&](const Result<rest::WebSocketsToken>& token) { told = token ? "a token" : token.error().detail; });
  ASSERT_TRUE(until([&] { return !told.empty(); }));
  EXPECT_EQ(told, "GetWebSocketsToken: EAPI:Invalid key");
}

TEST_P(PrivateHosts, TellAPublicHostFromAPrivateOneByItsName) {
  WebSocketOptions names = Network::trusting();
  names.headers.emplace_back("Host", "ws-auth.kraken.com");
  WebSocketTransport transport(loop, ConnectionId{1}, names);
  FrameLog log;
  Endpoint there = endpoint;
  there.target = "/v2";
  transport.connect(there, log);
  ASSERT_TRUE(until([&] { return log.count(Direction::FromExchange, FrameKind::Opened) == 1; }));
  transport.send(R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"]}})");
  server->advance_to(market.clock.now() + std::chrono::milliseconds(1));
  ASSERT_TRUE(until([&] {
    const auto heard = log.payloads(Direction::FromExchange, FrameKind::Text);
    return !heard.empty() && heard.back().find("Try ws.kraken.com") != std::string::npos;
  }));
}

}  // namespace
}  // namespace ktape::test
