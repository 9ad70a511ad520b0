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
      futures_private_(timers, futures_desk_.keys(), options_.token_seed),
      shared_(market, private_side(), rules_of(options_.watch.dialect)),
      spot_rest_(timers, watch_, engine_, tokens_, options_.accounts) {
  watch_.on_end = [this](const CloseInfo& why) {
    if (options_.market_ended()) {
      spot_v2_private_.close_all(why);
      spot_v1_private_.close_all(why);
      return;
    }
    // A recorded outage: like any client, the watch comes back.
    return_ = timers_.at(timers_.now(), [this](Timestamp) { watch_.attach(); });
  };
  route(market);
  watch_.attach();
}

GuestExchange& KrakenHosts::private_side() {
  switch (options_.watch.dialect) {
    case Dialect::SpotV1:
      return spot_v1_private_;
    case Dialect::FuturesV1:
      return futures_private_;
    case Dialect::SpotV2:
      break;
  }
  return spot_v2_private_;
}

void KrakenHosts::route(Exchange& market) {
  const bool has_accounts = !options_.accounts.empty();
  switch (options_.watch.dialect) {
    case Dialect::SpotV2:
      router_.route(Gateway::SpotV2, market);
      if (has_accounts) router_.route(Gateway::SpotV2Any, shared_);
      break;
    case Dialect::SpotV1:
      router_.route(Gateway::SpotV1, market);
      if (has_accounts) router_.route(Gateway::SpotV1Any, shared_);
      break;
    case Dialect::FuturesV1:
      router_.route(Gateway::Futures, has_accounts ? static_cast<Exchange&>(shared_) : market);
      return;
  }
  if (!has_accounts) return;
  router_.route(Gateway::SpotV2Private, spot_v2_private_);
  router_.route(Gateway::SpotV1Private, spot_v1_private_);
}

void KrakenHosts::attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) {
  watch_.attach();  // the market may have ended, and starts anew for whoever comes
  router_.attach(connection, endpoint, client);
}

std::optional<net::HttpResponse> KrakenHosts::answer(const net::HttpRequest& request) {
  return spot_rest_.answer(request);
}

}  // namespace ktape::hosts
