// What a trading program does with Kraken Spot: it subscribes, looks at what is subscribed, sends a message of its own,
// places an order, and cancels it when the exchange has it.
//
// Without credentials there is market data only. KRAKEN_API_KEY and KRAKEN_API_SECRET, or a file of mode 0600 with
// these names, show the account. Only where QUANTITY and PRICE are given is an order placed: a limit order to buy,
// which is refused if it would trade at once.
//
// Usage: spot_client SYMBOL [QUANTITY PRICE] [--credentials FILE] [--public URL] [--private URL] [--rest URL] [--ca
// FILE]

#include <csignal>
#include <exception>

#include "core/client/kraken_client.hpp"
#include "examples/words.hpp"
#include "live/http_client.hpp"
#include "live/live_connections.hpp"
#include "rest/spot_account.hpp"

using namespace ktape;
using examples::print;

class Trader final : public EventSink, public ClientNotices {
 public:
  explicit Trader(std::optional<AddOrder> order) : order_(std::move(order)) {}
  void use(KrakenClient& kraken) { kraken_ = &kraken; }

  void on_event(const Event& event) override {
    std::visit([this](const auto& what) { take(what); }, event);
    if (order_ && kraken_->orders_state().live()) place();  // not before the open orders are known
  }
  void failed(const Error& what) override { print("! {}", what.detail); }

 private:
  void take(const Ticker& ticker) {
    print("ticker {} bid {} ask {} last {}", ticker.symbol, ticker.bid.text(), ticker.ask.text(), ticker.last.text());
  }
  void take(const StreamStateChange& change) {
    print("{} {} is {} {}", change.channel, change.symbol, to_string(change.state), change.reason);
    if (change.state != StreamState::Live || change.channel != "ticker") return;
    for (const HostStream& each : kraken_->active_subscriptions()) {
      print("active on the {} host: {}", to_string(each.host), to_string(each.stream.subscription.channel));
    }
    // Text of one's own goes out as it is.
    kraken_->send_raw(HostKind::Public, R"({"method":"ping","req_id":1001})");
  }
  void take(const Reply& reply) {
    if (reply.method == "pong") print("pong to {}", reply.request_id.value_or(0));
    if (!reply.success && !reply.error.empty()) print("refused: {} {}", reply.channel, reply.error);
  }

  void place() {
    const auto id = kraken_->trade(*std::exchange(order_, std::nullopt));
    id ? print("order sent as request {}", *id) : print("order not sent: {}", id.error().detail);
  }
  void take(const TradingReply& reply) {
    print("{} {} {}", reply.method, reply.success ? "done" : "refused:", reply.error);
    if (reply.method != "add_order") return;
    if (!reply.success) return kraken_->stop();
    mine_ = reply.orders.front().order_id;
    const auto id = kraken_->trade(CancelOrder{.order_ids = {mine_}});
    if (!id) print("cancel not sent: {}", id.error().detail);
  }
  void take(const OrderReports& reports) {
    for (const OrderReport& report : reports.reports) {
      // What a report leaves out has not changed; the table has the whole order.
      const auto order = kraken_->orders().get(report.order_id);
      if (order == nullptr) continue;
      print("order {} is {}: {} {} at {}", order->order_id, order->status, order->quantity.value_or(Decimal{}).text(),
            order->symbol, order->limit_price.value_or(Decimal{}).text());
      if (order->closed && order->order_id == mine_) kraken_->stop();
    }
  }
  void take(const BalanceReports&) {
    for (const auto& [asset, balance] : kraken_->balances().assets()) {
      if (balance->total) print("balance {} {}", asset, balance->total->text());
    }
  }
  template <class Other>
  void take(const Other&) {}

  KrakenClient* kraken_ = nullptr;
  std::optional<AddOrder> order_;
  std::string mine_;  // the order that was placed
};

Result<std::optional<rest::Credentials>> find_credentials(const std::string& file) {
  if (file.empty()) return rest::Credentials::from_environment(rest::Venue::Spot);
  auto read = rest::Credentials::from_file(file, rest::Venue::Spot);
  if (!read) return tl::unexpected<Error>(read.error());
  return std::optional(std::move(*read));
}

int run(const examples::Words& words) {
  std::optional<AddOrder> order;
  if (words.rest.size() == 3) {
    order = AddOrder{.order = {.symbol = words.rest[0],
                               .quantity = Decimal::parse(words.rest[1]).value(),
                               .limit_price = Decimal::parse(words.rest[2]).value(),
                               .post_only = true}};
  }
  LiveLoop loop;
  WebSocketOptions socket;
  socket.ca_file = words.option("ca", "");
  HttpClientOptions http_options;
  http_options.ca_file = socket.ca_file;
  HttpClient api(loop, parse_http_url(words.option("rest", "https://api.kraken.com")).value(), http_options);

  auto credentials = find_credentials(words.option("credentials", ""));
  if (!credentials) return examples::fail_with(credentials.error().detail);
  std::optional<rest::SpotAccount> account;
  if (*credentials) account.emplace(api, loop.clock(), std::move(**credentials));

  Trader trader(order);
  KrakenClientOptions options;
  options.hosts = {Endpoint::parse(words.option("public", "wss://ws.kraken.com/v2")).value(),
                   Endpoint::parse(words.option("private", "wss://ws-auth.kraken.com/v2")).value(),
                   {}};
  options.allow_trading = HostKind::Private;
  options.client.authoriser = account ? &account->tokens() : nullptr;
  options.client.notices = &trader;
  KrakenClient kraken(live_connections(loop, socket), loop.clock(), trader, options);
  trader.use(kraken);

  std::vector<Subscription> wanted{{.channel = Channel::Ticker, .symbols = {words.rest[0]}}};
  if (account) wanted.push_back({.channel = Channel::Executions});
  if (account) wanted.push_back({.channel = Channel::Balances});
  for (const Subscription& each : wanted) {
    if (auto asked = kraken.subscribe(each); !asked) return examples::fail_with(asked.error().detail);
  }
  kraken.start();
  for (const int signal : {SIGINT, SIGTERM}) loop.on_signal(signal, [&] { kraken.stop(); });
  loop.after_turn([&] {
    if (kraken.stopped() && kraken.disconnected()) loop.stop();
  });
  loop.run();
  return 0;
}

int main(int argc, char** argv) {
  const examples::Words words(argc, argv);
  if (words.rest.size() != 1 && words.rest.size() != 3) {
    return examples::fail_with("usage: spot_client SYMBOL [QUANTITY PRICE] [--credentials FILE] ...");
  }
  try {
    return run(words);
  } catch (const std::exception& error) {  // .value() of what is no number or no URL
    return examples::fail_with(error.what());
  }
}
