#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/clock.hpp"
#include "exchange/endpoint_router.hpp"
#include "exchange/futures_engine.hpp"
#include "exchange/futures_private.hpp"
#include "exchange/market_watch.hpp"
#include "exchange/resting_engine.hpp"
#include "exchange/shared_endpoint.hpp"
#include "exchange/spot_v1_private.hpp"
#include "exchange/spot_v2_front.hpp"
#include "exchange/spot_v2_private.hpp"
#include "hosts/accounts.hpp"
#include "hosts/futures_desk.hpp"
#include "hosts/futures_rest.hpp"
#include "hosts/futures_rest_account.hpp"
#include "hosts/spot_rest.hpp"
#include "net/http_message.hpp"

namespace ktape::hosts {

// A public market of another dialect, beside the one that accounts trade on.
struct FurtherMarket {
  Exchange* market = nullptr;  // outlives the hosts
  MarketWatchOptions watch{};  // with the dialect; looked at only of Futures, whose REST is made from it
  std::function<bool()> ended = [] { return true; };
};

struct KrakenHostsOptions {
  std::vector<Account> accounts{};
  MarketWatchOptions watch{};
  // Whether the market has come to its end, so that who was closed by it need not come back by himself. Asked when the
  // market has closed the watch.
  std::function<bool()> market_ended = [] { return true; };
  RestingEngineOptions engine{};
  SpotV2PrivateOptions spot_v2{};
  SpotV1PrivateOptions spot_v1{};
  FuturesPrivateOptions futures{};
  std::uint64_t token_seed = 1;
  std::vector<FurtherMarket> further{};  // each of its own dialect
  // Makes the level 3 host of Spot v2, where the recording has such books. Of clients with a token only.
  std::function<std::unique_ptr<GuestExchange>(SpotV2Tokens)> make_level3{};
  // Before somebody is attached: whatever has ended together begins anew together.
  std::function<void()> before_attach = [] {};
};

// All of Kraken's hosts around one public market: its websocket, REST, and with accounts the private sides of Spot v2
// and v1, with tokens from REST and one engine for all of them; around a market of Futures, its private feeds and REST.
// Markets of the other dialects may stand beside it. Each connection finds its place by host and path (see Gateway).
// When the market ends, private connections are closed with its reason, too; when it tells another state of its
// matching engine, they are told as well.
class KrakenHosts final : public Exchange {
 public:
  // `timers` and `market` outlive it; `market` is the public exchange of options.watch.dialect.
  KrakenHosts(TimerService& timers, Exchange& market, KrakenHostsOptions options = {});
  KrakenHosts(const KrakenHosts&) = delete;
  KrakenHosts& operator=(const KrakenHosts&) = delete;

  // Whether there is a websocket; to be asked before attach().
  bool serves(const Endpoint& endpoint) const { return router_.serves(endpoint); }
  // Nothing where there is no page.
  std::optional<net::HttpResponse> answer(const net::HttpRequest& request);

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  void on_frame(const Frame& frame) override { router_.on_frame(frame); }

  TradingEngine& engine() { return engine_; }
  const MarketWatch& watch() const { return watch_; }

 private:
  void route(Exchange& market, Dialect dialect);
  GuestExchange& private_side(Dialect dialect);
  // REST of Futures, and with accounts its orders.
  void serve_futures(MarketWatch& watch);
  // `watch` keeps coming back as long as its market has not ended.
  void come_back(MarketWatch& watch, Timer& timer, const std::function<bool()>& ended);
  static std::vector<AccountTerms> terms_of(const std::vector<Account>& accounts);

  TimerService& timers_;
  KrakenHostsOptions options_;
  MarketWatch watch_;
  RestingEngine engine_;
  TokenDesk tokens_;
  SpotV2Private spot_v2_private_;
  SpotV1Private spot_v1_private_;
  FuturesDesk futures_desk_;
  FuturesPrivate futures_private_;
  std::unique_ptr<GuestExchange> level3_;
  std::vector<std::unique_ptr<SharedEndpoint>> shared_;  // of a market and the private side of its dialect
  SpotRest spot_rest_;
  std::unique_ptr<MarketWatch> futures_watch_;  // where Futures is a further market
  std::optional<FuturesRest> futures_rest_;
  std::unique_ptr<FuturesEngine> futures_engine_;
  std::unique_ptr<FuturesRestAccount> futures_rest_account_;
  EndpointRouter router_;
  Timer return_, futures_return_;
};

}  // namespace ktape::hosts
