#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/client/account.hpp"
#include "core/client/client.hpp"
#include "core/client/exchange_hosts.hpp"
#include "core/protocol/dialect.hpp"
#include "core/wire/transport.hpp"

namespace ktape {

struct KrakenClientOptions {
  Dialect dialect = Dialect::SpotV2;
  std::optional<ExchangeHosts> hosts{};  // nothing: Kraken's own
  // The one connection that may send what moves money. Nothing: none may. Of Spot it is the private one.
  std::optional<HostKind> allow_trading{};
  // Of every connection, but for what stands above in other words: endpoint and allow_trading. All connections share
  // one budget of attempts to connect.
  ClientOptions client{};
  OrderTableOptions orders{};
};

// A stream, and the connection that it is on.
struct HostStream {
  HostKind host = HostKind::Public;
  StreamInfo stream{};
};

// All of one exchange for one program: up to three connections that live independently of each other, each made when
// something is first wanted of it. What is subscribed to or sent goes to the connection that its channel or method
// belongs to, and everything that they tell comes to one sink. It keeps the books, and the account.
//
// Everything is called from one loop, and as with Client what is told is a function of frames and time: on a recording
// of the same connections (RecordedConnections) a program hears what it heard live. Handlers may call any method, but
// not destroy it.
class KrakenClient final {
 public:
  // Makes the way to one host. It will be connected again and again.
  using TransportFor = std::function<std::unique_ptr<Transport>(ConnectionId connection)>;

  // `timers`, `events` and what the options point to outlive it.
  KrakenClient(TransportFor transport_for, TimerService& timers, EventSink& events, KrakenClientOptions options = {});
  ~KrakenClient();
  KrakenClient(const KrakenClient&) = delete;
  KrakenClient& operator=(const KrakenClient&) = delete;

  // Connects to the hosts that something is wanted of; the others follow when something is.
  void start();
  // Closes all connections. Nothing can be asked for afterwards.
  void stop();
  bool stopped() const { return stopped_; }
  // Whether no connection stands.
  bool disconnected() const;

  // As Client::subscribe(), on the host of its channel. A connection is made for it unless it is refused.
  Result<void> subscribe(const Subscription& subscription);
  void unsubscribe(const Subscription& subscription);
  Result<void> add_book(std::string_view symbol, int depth = 10);
  void remove_book(std::string_view symbol);

  // As Client::trade(). The first call begins to connect where nothing private was wanted before, and is refused: an
  // order must not leave at a time that nobody knows. Of Spot subscribe to something private first, since Kraken closes
  // private connections without.
  Result<std::int64_t> trade(const TradingRequest& request);

  // Text as it is, on a connection that stands.
  Result<void> send_raw(HostKind host, std::string_view text);

  // What the exchange has confirmed, and what was asked for at all, connection by connection.
  std::vector<HostStream> active_subscriptions() const;
  std::vector<HostStream> streams() const;

  // As Client::book(): look at state() before trusting it.
  const OrderBook* book(std::string_view symbol) const;
  const Level3Book* level3_book(std::string_view symbol) const;

  // One's own orders and balances; when a handler is told of a report, they hold it. Look at the state before trusting
  // them: it says what is not Live, and the tables keep what they knew then.
  const OrderTable& orders() const { return account_.orders(); }
  const BalanceTable& balances() const { return account_.balances(); }
  const AccountState& orders_state() const { return account_.orders_state(); }
  const AccountState& balances_state() const { return account_.balances_state(); }

  // While a handler (or a notice) runs: whose connection it is about. Nothing otherwise.
  std::optional<HostKind> source() const { return source_; }

  bool connected(HostKind host) const;
  // nullptr until something was wanted of it.
  const Client* client(HostKind host) const;

 private:
  class Connection;

  Connection* find(HostKind host) const { return connections_[static_cast<std::size_t>(host)].get(); }
  // Makes the connection if there is none.
  Result<Client*> client_of(HostKind host);
  ClientOptions options_for(HostKind host);
  void tell(HostKind from, const Event& event);

  TransportFor transport_for_;
  TimerService& timers_;
  EventSink& events_;
  KrakenClientOptions options_;
  ExchangeHosts hosts_;
  AttemptBudget budget_;
  Account account_;
  std::array<std::unique_ptr<Connection>, kHostKinds> connections_;
  std::optional<HostKind> source_;
  bool started_ = false;
  bool stopped_ = false;
};

}  // namespace ktape
