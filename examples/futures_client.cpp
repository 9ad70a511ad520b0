// Kraken Futures: market data, and with credentials the account. Private feeds have to be asked for with a signed
// challenge; the client asks for the challenge and signs it by itself, anew on each connection. Orders go over REST.
//
// KRAKEN_FUTURES_API_KEY and KRAKEN_FUTURES_API_SECRET, or a file of mode 0600 with these names, show the account.
//
// Usage: futures_client PRODUCT [--credentials FILE] [--url URL] [--ca FILE]

#include <csignal>

#include "core/client/kraken_client.hpp"
#include "examples/words.hpp"
#include "live/live_connections.hpp"
#include "rest/futures_authoriser.hpp"

using namespace ktape;
using examples::print;

class Watcher final : public EventSink, public ClientNotices {
 public:
  void use(const KrakenClient& kraken) { kraken_ = &kraken; }
  void on_event(const Event& event) override {
    std::visit([this](const auto& what) { take(what); }, event);
  }
  void failed(const Error& what) override { print("! {}", what.detail); }

 private:
  void take(const Ticker& ticker) {
    print("ticker {} bid {} ask {} last {}", ticker.symbol, ticker.bid.text(), ticker.ask.text(), ticker.last.text());
  }
  void take(const StreamStateChange& change) {
    print("{} {} is {} {}", change.channel, change.symbol, to_string(change.state), change.reason);
    print("{} subscriptions are active", kraken_->active_subscriptions().size());
  }
  void take(const FillReports& reports) {
    for (const Fill& fill : reports.fills) {
      print("fill {} {} {} at {}", fill.symbol, to_string(fill.side), fill.quantity.text(), fill.price.text());
    }
  }
  void take(const OrderReports&) {
    print("{} open orders, {}", kraken_->orders().open_count(), to_string(kraken_->orders_state().state));
    for (const auto& order : kraken_->orders().open_orders()) {
      print("order {} {} {}", order->order_id, order->symbol, order->quantity.value_or(Decimal{}).text());
    }
  }
  template <class Other>
  void take(const Other&) {}

  const KrakenClient* kraken_ = nullptr;
};

int main(int argc, char** argv) {
  const examples::Words words(argc, argv);
  if (words.rest.size() != 1) {
    return examples::fail_with("usage: futures_client PRODUCT [--credentials FILE] [--url URL] [--ca FILE]");
  }
  LiveLoop loop;
  WebSocketOptions socket;
  socket.ca_file = words.option("ca", "");
  const auto url = Endpoint::parse(words.option("url", "wss://futures.kraken.com/ws/v1"));
  if (!url) return examples::fail_with(url.error().detail);

  const std::string file = words.option("credentials", "");
  auto from_environment = rest::Credentials::from_environment(rest::Venue::Futures);
  if (!from_environment) return examples::fail_with(from_environment.error().detail);
  std::optional<rest::Credentials> credentials = std::move(*from_environment);
  if (!file.empty()) {
    auto read = rest::Credentials::from_file(file, rest::Venue::Futures);
    if (!read) return examples::fail_with(read.error().detail);
    credentials = std::move(*read);
  }
  std::optional<rest::FuturesAuthoriser> authoriser;
  if (credentials) authoriser.emplace(*credentials);

  Watcher watcher;
  KrakenClientOptions options;
  options.dialect = Dialect::FuturesV1;
  options.hosts = {*url, {}, {}};
  options.client.authoriser = authoriser ? &*authoriser : nullptr;
  options.client.notices = &watcher;
  KrakenClient kraken(live_connections(loop, socket), loop.clock(), watcher, options);
  watcher.use(kraken);

  std::vector<Subscription> wanted{{.channel = Channel::Ticker, .symbols = {words.rest[0]}}};
  if (authoriser) wanted.push_back({.channel = Channel::OpenOrders});
  if (authoriser) wanted.push_back({.channel = Channel::Fills});
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
