#include "hosts/kraken_hosts.hpp"

#include <utility>

namespace ktape::hosts {
namespace {

SharedEndpoint::Rules rules_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::SpotV1:
      return SharedEndpoint::spot_v1();
    case Dialect::FuturesV1:
      return SharedEndpoint::futures();
    case Dialect::SpotV2:
      break;
  }
  return SharedEndpoint::spot_v2();
}

FuturesPrivateOptions with_seed(FuturesPrivateOptions options, std::uint64_t seed) {
  options.seed = seed;
  return options;
}

}  // namespace

std::vector<AccountTerms> KrakenHosts::terms_of(const std::vector<Account>& accounts) {
  std::vector<AccountTerms> all;
  for (const Account& account : accounts) all.push_back(account.terms);
  return all;
}

KrakenHosts::KrakenHosts(TimerService& timers, Exchange& market, KrakenHostsOptions options)
    : timers_(timers),
      options_(std::move(options)),
      watch_(market, timers, options_.watch),
      engine_(timers, watch_, terms_of(options_.accounts), options_.engine),
      tokens_(timers, options_.token_seed),
      spot_v2_private_(timers, engine_, tokens_, watch_, options_.spot_v2),
      spot_v1_private_(timers, engine_, tokens_, watch_, options_.spot_v1),
      futures_desk_(options_.accounts),
      futures_private_(timers, futures_desk_.keys(), with_seed(options_.futures, options_.token_seed)),
      spot_rest_(timers, watch_, engine_, tokens_, options_.accounts) {
  watch_.on_end = [this](const CloseInfo& why) {
    if (options_.market_ended()) {
      spot_v2_private_.close_all(why);
      spot_v1_private_.close_all(why);
    }
    come_back(watch_, return_, options_.market_ended);
  };
  watch_.on_system = [this](std::string_view system) {
    for (GuestExchange* const side : {static_cast<GuestExchange*>(&spot_v2_private_),
                                      static_cast<GuestExchange*>(&spot_v1_private_), level3_.get()}) {
      if (side != nullptr) side->on_system(system);
    }
    engine_.on_system(system);
  };
  if (options_.make_level3 && !options_.accounts.empty()) {
    level3_ = options_.make_level3(
        {.accepts = [this](std::string_view token, ConnectionId by) { return tokens_.find(token, by) != nullptr; },
         .hold = [this](std::string_view token, ConnectionId by) { tokens_.bind(token, by); },
         .release = [this](ConnectionId by) { tokens_.release(by); }});
  }
  route(market, options_.watch.dialect);
  if (options_.watch.dialect == Dialect::FuturesV1) serve_futures(watch_);
  watch_.attach();
  for (const FurtherMarket& further : options_.further) {
    route(*further.market, further.watch.dialect);
    if (further.watch.dialect != Dialect::FuturesV1 || futures_rest_) continue;
    futures_watch_ = std::make_unique<MarketWatch>(*further.market, timers, further.watch);
    futures_watch_->on_end = [this, ended = further.ended](const CloseInfo&) {
      come_back(*futures_watch_, futures_return_, ended);
    };
    serve_futures(*futures_watch_);
    futures_watch_->attach();
  }
}

void KrakenHosts::serve_futures(MarketWatch& watch) {
  futures_rest_.emplace(timers_, watch);
  if (options_.accounts.empty()) return;
  futures_engine_ = std::make_unique<FuturesEngine>(timers_, watch, futures_desk_.terms(), options_.engine.seed);
  futures_private_.follow(*futures_engine_);
  futures_rest_account_ = std::make_unique<FuturesRestAccount>(timers_, *futures_engine_, futures_desk_);
  futures_rest_->serve_accounts(*futures_rest_account_);
}

// Like any client, after a recorded outage, or when the market has begun anew at once.
void KrakenHosts::come_back(MarketWatch& watch, Timer& timer, const std::function<bool()>& ended) {
  timer = timers_.at(timers_.now(), [&watch, ended](Timestamp) {
    if (!ended()) watch.attach();
  });
}

GuestExchange& KrakenHosts::private_side(Dialect dialect) {
  switch (dialect) {
    case Dialect::SpotV1:
      return spot_v1_private_;
    case Dialect::FuturesV1:
      return futures_private_;
    case Dialect::SpotV2:
      break;
  }
  return spot_v2_private_;
}

void KrakenHosts::route(Exchange& market, Dialect dialect) {
  const bool has_accounts = !options_.accounts.empty();
  Exchange* both = &market;
  if (has_accounts) {
    shared_.push_back(std::make_unique<SharedEndpoint>(market, private_side(dialect), rules_of(dialect)));
    both = shared_.back().get();
  }
  switch (dialect) {
    case Dialect::SpotV2:
      router_.route(Gateway::SpotV2, market);
      if (level3_) {
        router_.route(Gateway::SpotV2Level3, *level3_);
        shared_.push_back(std::make_unique<SharedEndpoint>(*both, *level3_, SharedEndpoint::level3()));
        both = shared_.back().get();
      }
      if (has_accounts) router_.route(Gateway::SpotV2Any, *both);
      break;
    case Dialect::SpotV1:
      router_.route(Gateway::SpotV1, market);
      if (has_accounts) router_.route(Gateway::SpotV1Any, *both);
      break;
    case Dialect::FuturesV1:
      router_.route(Gateway::Futures, *both);
      return;
  }
  if (!has_accounts) return;
  router_.route(Gateway::SpotV2Private, spot_v2_private_);
  router_.route(Gateway::SpotV1Private, spot_v1_private_);
}

void KrakenHosts::attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) {
  options_.before_attach();
  // The market may have ended, and starts anew for whoever comes.
  watch_.attach();
  if (futures_watch_) futures_watch_->attach();
  router_.attach(connection, endpoint, client);
}

std::optional<net::HttpResponse> KrakenHosts::answer(const net::HttpRequest& request) {
  if (auto spot = spot_rest_.answer(request)) return spot;
  return futures_rest_ ? futures_rest_->answer(request) : std::nullopt;
}

}  // namespace ktape::hosts
