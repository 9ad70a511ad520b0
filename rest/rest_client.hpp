#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "net/http_requester.hpp"
#include "rest/answers.hpp"
#include "rest/call_counter.hpp"
#include "rest/requests.hpp"

namespace ktape::rest {

struct RestOptions {
  CallLimit public_limit = kPublicLimit;
  CallLimit private_limit = kIntermediateLimit;
  int attempts = 3;                                  // of one call, where trying again can help (rest section 14)
  Duration retry_delay = std::chrono::seconds(5);    // doubles from attempt to attempt
  Duration longest_delay = std::chrono::minutes(5);  // that a far end may ask for; beyond it the call fails
  std::size_t max_waiting = 1000;                    // calls of one kind, public or private
};

struct OhlcQuery {
  std::string pair{};
  int interval_minutes = 1;
  std::optional<Timestamp> since{};  // cut to seconds
};
struct TradesQuery {
  std::string pair{};
  std::optional<Timestamp> since{};  // nothing: the newest. In nanoseconds; whether inclusive is not known
  int count = 1000;                  // 1 to 1000
};
struct DepthQuery {
  std::string pair{};
  int count = 100;  // 1 to 500
};

// Kraken's REST as functions. Public and private calls wait in a line each: one is under way at a time, so that nonces
// arrive in their order, and it leaves when the far end's limits allow it. All in the loop of `timers`.
//
// `done` is called once; from inside the call only if there is no room to wait. A call that outlives its client gets no
// answer. Errors begin with the name of the method; Kraken's own words follow as they came, without secrets.
class RestClient {
 public:
  template <class T>
  using Done = std::function<void(Result<T>)>;

  // All outlive the client. Private calls need credentials and the key's one source of nonces: both or neither.
  struct Account {
    const Credentials& credentials;
    NonceSource& nonces;
  };
  RestClient(net::HttpRequester& far_end, TimerService& timers, RestOptions options = {},
             std::optional<Account> account = std::nullopt);
  ~RestClient();
  RestClient(const RestClient&) = delete;
  RestClient& operator=(const RestClient&) = delete;

  void time(Done<ServerTime> done);
  void system_status(Done<SystemStatus> done);
  void assets(const std::vector<std::string>& names, Done<std::vector<RestAsset>> done);      // none: all
  void asset_pairs(const std::vector<std::string>& names, Done<std::vector<RestPair>> done);  // none: all
  void ohlc(const OhlcQuery& query, Done<OhlcAnswer> done);
  void trades(const TradesQuery& query, Done<TradesPage> done);
  void depth(const DepthQuery& query, Done<DepthAnswer> done);
  void web_sockets_token(Done<WebSocketsToken> done);

  // Calls that have not been answered.
  std::size_t pending() const;

 private:
  struct Call;
  struct Line;
  class Impl;
  template <class T, class Reader>
  void ask(Call call, Reader read, Done<T> done);

  std::shared_ptr<Impl> impl_;
};

}  // namespace ktape::rest
