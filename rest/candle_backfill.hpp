#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/clock.hpp"
#include "core/market/event.hpp"
#include "rest/trades_backfill.hpp"

namespace ktape::rest {

struct CandleBackfillOptions {
  std::vector<Duration> intervals{};               // of the candles that are built
  Duration longest = std::chrono::hours(1);        // the beginnings of longer intervals are not fetched
  std::size_t max_trades = std::size_t{1} << 20U;  // of one request for missing ones; beyond it, they stay missing
};

// Fetches the trades that candles lack: those between the beginning of the first intervals and the first trade that was
// heard, and those of ids that were left out. Stands between a client and whoever hears its events, which it passes on
// as they come; for Spot v2, whose trades have ids.
//
// What it fetches is no frame of the connection: a replay of that connection's recording tells the candles as they were
// before.
class CandleBackfill final : public EventSink {
 public:
  // Trades of one symbol, without a hole among them: for Client::backfill().
  using Fill = std::function<Result<void>(std::string_view symbol, std::span<const Trade> trades)>;
  // A sentence about trades that could not be had.
  using Tell = std::function<void(std::string_view what)>;

  // All references outlive it.
  CandleBackfill(RestClient& rest, TimerService& timers, EventSink& out, Fill fill, Tell tell,
                 CandleBackfillOptions options);
  CandleBackfill(const CandleBackfill&) = delete;
  CandleBackfill& operator=(const CandleBackfill&) = delete;

  void on_event(const Event& event) override;

  bool pending() const { return !waiting_.empty(); }
  std::uint64_t trades_fetched() const { return fetched_; }

 private:
  struct Known {
    std::optional<std::pair<std::int64_t, Timestamp>> first;  // the earliest trade heard
    Timestamp last_at;
    bool begun = false;
    Timer timer;
  };
  struct Beginning {
    std::string symbol;
    Timestamp from;  // a trade before this one proves that nothing is missing since
    Duration margin;
  };
  using Wanted = std::variant<Beginning, TradeHole>;

  void take(const Trade& trade);
  void take(const TradeGap& gap);
  void begin(const std::string& symbol);
  void want(Wanted wanted);
  void next();
  void done(const Result<BackfillReport>& report);
  void fetched(const Beginning& beginning);

  TimerService& timers_;
  EventSink& out_;
  Fill fill_;
  Tell tell_;
  CandleBackfillOptions options_;
  TradesBackfill trades_;
  std::map<std::string, Known, std::less<>> known_;
  std::deque<Wanted> waiting_;  // the first is under way
  std::vector<Trade> got_;
  std::set<std::string, std::less<>> words_;  // that got_ borrows
  std::uint64_t fetched_ = 0;
  Timer again_;
};

}  // namespace ktape::rest
