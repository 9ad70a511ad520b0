#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/serving.hpp"
#include "core/base/virtual_clock.hpp"
#include "exchange/futures_market_state.hpp"
#include "hosts/kraken_hosts.hpp"
#include "replay/level3_playback.hpp"
#include "replay/playback_exchange.hpp"

namespace ktape::cli {

// The recordings that are served together, on one clock: each in its own dialect, and one of Spot in the other dialect
// of Spot as well, unless there is a recording of that one, too. Recordings whose times overlap keep them. Another one
// is moved, with all that its messages say of time, to begin with the first.
class ServedMarkets {
 public:
  using SystemNow = std::function<Timestamp()>;
  // `system_now` is asked for --rebase now only.
  static Result<std::unique_ptr<ServedMarkets>> open(const ServeArguments& arguments, SystemNow system_now);
  ~ServedMarkets();
  ServedMarkets(const ServedMarkets&) = delete;
  ServedMarkets& operator=(const ServedMarkets&) = delete;

  VirtualClock& clock() { return *clock_; }
  // The one that accounts trade on.
  Exchange& main_market() { return market_of(markets_.front()); }
  // All but the accounts. Good for as long as this is.
  hosts::KrakenHostsOptions hosts_options();

  // The state of the matching engine, told on every market, whatever was recorded; "online": what was recorded.
  Result<void> set_engine(std::string_view state);

  // All recordings go on at another place, as they were served beside each other: `recorded` by the stamps of the
  // first. Clients are closed with 1001. An error names the times that there are.
  Result<void> seek(Timestamp recorded);
  // What is told now, by these stamps; and the first of them.
  Timestamp position() const { return clock_->now() - markets_.front().playback->shift(); }
  Timestamp first_at() const { return markets_.front().first_at; }

  bool ended() const;
  // The first error of any of them.
  Result<void> status() const;

  struct Served {
    std::string file;
    std::string path;  // of its public endpoint
  };
  std::vector<Served> served() const;
  // How far times were moved, a sentence for each recording whose times were.
  const std::vector<std::string>& notes() const { return notes_; }

  // Time that passes by itself (--rebase now) is brought up to the present.
  void catch_up();
  bool follows_system_time() const { return now_; }

 private:
  class Translation;
  struct Market {
    std::string file;
    Dialect own = Dialect::SpotV2;
    Dialect dialect = Dialect::SpotV2;  // that it is served in
    MarketWatchOptions watch;
    std::map<std::string, int, std::less<>> level3_depths{};
    Timestamp first_at{}, last_at{};
    Duration shift{};
    Duration rebase_step{};
    std::optional<Duration> span{};  // of the recording that is served, from its first frame on
    std::unique_ptr<PlaybackExchange> playback;
    std::unique_ptr<FuturesMarketState> state;  // of Futures, around the playback

    Timestamp begin() const { return first_at + shift; }
  };

  ServedMarkets();
  Result<void> add(const std::string& file, const ServeArguments& arguments);
  Result<void> place(const ServeArguments& arguments);
  Result<void> start(const ServeArguments& arguments);
  void note(const Market& market, Duration skipped);
  static Exchange& market_of(Market& market);
  std::unique_ptr<GuestExchange> level3(SpotV2Tokens tokens);
  // The largest interval of candles that is served and of which a few fit into what is served.
  static Duration step_of(const Market& market, Duration served);

  std::unique_ptr<VirtualClock> clock_;
  std::vector<Market> markets_;
  std::unique_ptr<Translation> translation_;
  Level3Playback* level3_ = nullptr;      // whoever has it keeps it
  Dialect translated_ = Dialect::SpotV1;  // what the translation speaks
  SystemNow system_now_;
  bool now_ = false;
  Timestamp present_{};  // at which time begins
  std::vector<std::string> notes_;
};

}  // namespace ktape::cli
