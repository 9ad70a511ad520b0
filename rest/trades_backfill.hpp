#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.hpp"
#include "core/market/event.hpp"
#include "rest/rest_client.hpp"

namespace ktape::rest {

// Trades that are missing.
struct TradeHole {
  std::string symbol{};
  std::int64_t from_id = 0;  // [from_id, to_id)
  std::int64_t to_id = 0;
  // When the trade before them took place, or anything a little earlier: the exchange looks trades up by time.
  Timestamp after{};
};

// Trades of a time, [from, to), by the exchange's times as REST tells them; those there are, if `to` has not come yet.
struct TradeSpan {
  std::string symbol{};
  Timestamp from{};
  Timestamp to{};
};

struct BackfillOptions {
  int page_rows = 1000;  // 1 to 1000
  int max_pages = 1000;
  int attempts = 8;  // in a row without a new trade: each looks ten times as far back, or waits for a trade to appear
  Duration retry_delay = std::chrono::seconds(2);
};

struct BackfillReport {
  std::uint64_t delivered = 0;
  std::uint64_t duplicates = 0;  // rows that an earlier page had told, or that lie before the hole
  int pages = 0;
  std::optional<std::int64_t> first_id{}, last_id{};  // of what was delivered: without a hole
};

// Fetches missing trades page by page and delivers them in order, each once, without a hole (rest sections 7 and 8).
class TradesBackfill {
 public:
  // The trades with the asked symbol, valid during the call.
  using Deliver = std::function<void(const Trade& trade)>;
  using Done = std::function<void(Result<BackfillReport>)>;

  // `rest` and `timers` outlive it.
  TradesBackfill(RestClient& rest, TimerService& timers, BackfillOptions options = {});
  // Whoever waits is not called.
  ~TradesBackfill();
  TradesBackfill(const TradesBackfill&) = delete;
  TradesBackfill& operator=(const TradesBackfill&) = delete;

  // One at a time. What was delivered before an error has no hole, and the error names the first id that is missing.
  void fill(const TradeHole& hole, Deliver deliver, Done done);
  void fill(const TradeSpan& span, Deliver deliver, Done done);

 private:
  class Run;

  RestClient& rest_;
  TimerService& timers_;
  BackfillOptions options_;
  std::shared_ptr<Run> run_;
};

}  // namespace ktape::rest
