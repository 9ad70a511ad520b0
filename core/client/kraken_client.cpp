#include "core/client/kraken_client.hpp"

#include <utility>

#include <fmt/format.h>

namespace ktape {
namespace {

constexpr std::array kAllHosts{HostKind::Public, HostKind::Private, HostKind::Level3};

// For as long as it lives, `host` is where things come from.
class SourceMark {
 public:
  SourceMark(std::optional<HostKind>& source, HostKind host) : source_(source), before_(std::exchange(source, host)) {}
  ~SourceMark() { source_ = before_; }
  SourceMark(const SourceMark&) = delete;
  SourceMark& operator=(const SourceMark&) = delete;

 private:
  std::optional<HostKind>& source_;
  std::optional<HostKind> before_;
};

}  // namespace

// One host: the way there, and the client on it. What the client tells is passed on with its origin.
class KrakenClient::Connection final : private EventSink, private ClientNotices {
 public:
  Connection(KrakenClient& owner, HostKind host, ClientOptions options)
      : owner_(owner),
        host_(host),
        notices_(std::exchange(options.notices, static_cast<ClientNotices*>(this))),
        transport_(owner.transport_for_(connection_to(host))),
        codec_(make_codec(owner.options_.dialect)),
        client_(*transport_, *codec_, owner.timers_, *this, std::move(options)) {}

  Client& client() { return client_; }
  const Client& client() const { return client_; }

 private:
  void on_event(const Event& event) override { owner_.tell(host_, event); }
  void retrying(int attempt, Duration delay) override {
    note([&](ClientNotices& to) { to.retrying(attempt, delay); });
  }
  void not_sent(std::int64_t request_id, const Error& why) override {
    note([&](ClientNotices& to) { to.not_sent(request_id, why); });
  }
  void failed(const Error& what) override {
    note([&](ClientNotices& to) { to.failed(what); });
  }
  template <class What>
  void note(What what) {
    if (notices_ == nullptr) return;
    const SourceMark mark(owner_.source_, host_);
    what(*notices_);
  }

  KrakenClient& owner_;
  HostKind host_;
  ClientNotices* notices_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Codec> codec_;
  Client client_;
};

KrakenClient::KrakenClient(TransportFor transport_for, TimerService& timers, EventSink& events,
                           KrakenClientOptions options)
    : transport_for_(std::move(transport_for)),
      timers_(timers),
      events_(events),
      options_(std::move(options)),
      hosts_(options_.hosts ? *options_.hosts : ExchangeHosts::of_kraken(options_.dialect)),
      budget_(options_.client.reconnect.attempts_per_window, options_.client.reconnect.window),
      account_(timers, options_.orders) {}

KrakenClient::~KrakenClient() = default;

// ---- connections

ClientOptions KrakenClient::options_for(HostKind host) {
  ClientOptions options = options_.client;
  options.endpoint = hosts_.at(host);
  options.seed += static_cast<std::uint64_t>(host);
  options.allow_trading = options_.allow_trading == host;
  if (options.reconnect.budget == nullptr) options.reconnect.budget = &budget_;
  if (host != HostKind::Public) {
    options.candles = {};  // there are no trades
  } else if (account_host(options_.dialect) != HostKind::Public) {
    options.authoriser = nullptr;  // a token has no business there
  }
  return options;
}

Result<Client*> KrakenClient::client_of(HostKind host) {
  if (stopped_) return fail(Errc::InvalidArgument, "the client was stopped: it asks for nothing more");
  auto& connection = connections_[static_cast<std::size_t>(host)];
  if (!connection) {
    if (hosts_.at(host).host.empty()) {
      return fail(Errc::InvalidArgument, fmt::format("nobody has said where the {} host of {} is", to_string(host),
                                                     to_string(options_.dialect)));
    }
    connection = std::make_unique<Connection>(*this, host, options_for(host));
  }
  return &connection->client();
}

void KrakenClient::start() {
  if (std::exchange(started_, true)) return;
  for (const auto& connection : connections_) {
    if (connection) connection->client().start();
  }
}

void KrakenClient::stop() {
  stopped_ = true;
  for (const auto& connection : connections_) {
    if (connection) connection->client().stop();
  }
}

bool KrakenClient::disconnected() const {
  for (const auto& connection : connections_) {
    if (connection && connection->client().connected()) return false;
  }
  return true;
}

bool KrakenClient::connected(HostKind host) const {
  const Client* const there = client(host);
  return there != nullptr && there->connected();
}

const Client* KrakenClient::client(HostKind host) const {
  const Connection* const connection = find(host);
  return connection == nullptr ? nullptr : &connection->client();
}

// ---- what the program asks for

Result<void> KrakenClient::subscribe(const Subscription& subscription) {
  const HostKind host = host_of(options_.dialect, subscription.channel);
  const bool is_new = client(host) == nullptr;
  const auto there = client_of(host);
  if (!there) return tl::unexpected<Error>(there.error());
  if (auto wanted = (*there)->subscribe(subscription); !wanted) {
    if (is_new) connections_[static_cast<std::size_t>(host)].reset();
    return wanted;
  }
  if (started_) (*there)->start();
  return {};
}

void KrakenClient::unsubscribe(const Subscription& subscription) {
  if (auto* const there = find(host_of(options_.dialect, subscription.channel))) {
    there->client().unsubscribe(subscription);
  }
}

Result<void> KrakenClient::add_book(std::string_view symbol, int depth) {
  return subscribe({.channel = Channel::Book, .symbols = {std::string(symbol)}, .depth = depth});
}

void KrakenClient::remove_book(std::string_view symbol) {
  if (auto* const there = find(host_of(options_.dialect, Channel::Book))) there->client().remove_book(symbol);
}

Result<std::int64_t> KrakenClient::trade(const TradingRequest& request) {
  const auto refuse = [&](Errc code, const std::string& why) {
    const Request named{.method = Method::Trade, .request_id = 0, .trading = request};
    return fail(code, fmt::format("{}: {}", name_of(named), why));
  };
  const auto host = trading_host(options_.dialect);
  if (!host) return refuse(Errc::Unsupported, "Futures takes no orders over its websocket: they go over REST");
  if (!options_.allow_trading) {
    return refuse(Errc::InvalidArgument, "this client does not trade, since allow_trading names no connection");
  }
  if (options_.allow_trading != *host) {
    return refuse(Errc::InvalidArgument, fmt::format("orders go to the {} host, and allow_trading names the {} one",
                                                     to_string(*host), to_string(*options_.allow_trading)));
  }
  const auto there = client_of(*host);
  if (!there) return tl::unexpected<Error>(there.error());
  if (started_) (*there)->start();
  return (*there)->trade(request);
}

Result<void> KrakenClient::send_raw(HostKind host, std::string_view text) {
  Connection* const there = find(host);
  auto sent =
      there == nullptr ? fail(Errc::Io, "there is no connection, so nothing was sent") : there->client().send_raw(text);
  if (!sent) return fail(sent.error().code, fmt::format("the {} host: {}", to_string(host), sent.error().detail));
  return sent;
}

std::vector<HostStream> KrakenClient::active_subscriptions() const {
  std::vector<HostStream> active;
  for (const HostKind host : kAllHosts) {
    const Client* const there = client(host);
    if (there == nullptr) continue;
    for (StreamInfo& stream : there->active_subscriptions()) active.push_back({host, std::move(stream)});
  }
  return active;
}

std::vector<HostStream> KrakenClient::streams() const {
  std::vector<HostStream> all;
  for (const HostKind host : kAllHosts) {
    const Client* const there = client(host);
    if (there == nullptr) continue;
    for (const auto& [key, stream] : there->streams()) all.push_back({host, stream});
  }
  return all;
}

const OrderBook* KrakenClient::book(std::string_view symbol) const {
  const Client* const there = client(host_of(options_.dialect, Channel::Book));
  return there == nullptr ? nullptr : there->book(symbol);
}

const Level3Book* KrakenClient::level3_book(std::string_view symbol) const {
  const Client* const there = client(host_of(options_.dialect, Channel::Level3));
  return there == nullptr ? nullptr : there->level3_book(symbol);
}

// ---- what the connections tell

void KrakenClient::tell(HostKind from, const Event& event) {
  const SourceMark mark(source_, from);
  if (from == account_host(options_.dialect)) {
    if (const auto taken = account_.take(event); !taken && options_.client.notices != nullptr) {
      options_.client.notices->failed(taken.error());
    }
  }
  events_.on_event(event);
}

}  // namespace ktape
