#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/market/candle_sum.hpp"
#include "core/market/event.hpp"
#include "core/market/trade_sequence.hpp"

namespace ktape {

struct CandleCheckCounts {
  std::uint64_t equal = 0;
  std::uint64_t different = 0;
  std::uint64_t gap = 0;      // trades of the interval are missing: there is a hole in their ids
  std::uint64_t early = 0;    // more trades were counted than were ever told
  std::uint64_t unknown = 0;  // the interval began before the trades did, so nothing can be said
  std::uint64_t checked() const { return equal + different; }
};

// Kraken's own running candles against its own trades: each message of the ohlc channel must equal the fold of the
// first `trades` trades of its interval, in every field, and bear the time of the last of them. Put behind the client
// of a recording; messages may come before their trades.
class CandleCheck final : public EventSink {
 public:
  void on_event(const Event& event) override;
  // What still waits for trades will not get them.
  void finish();

  const CandleCheckCounts& counts() const { return counts_; }
  // The first differences, in words.
  const std::vector<std::string>& differences() const { return differences_; }

  static constexpr std::size_t kMaxDifferences = 20;
  static constexpr std::size_t kMaxWaiting = 10'000;  // messages per symbol; the oldest is then Early
  static constexpr std::size_t kMaxTrades =
      1'000'000;  // per symbol; older ones are forgotten, and so are their candles

 private:
  struct Kept {
    CandleSum::Key key;
    Side side;
    Decimal price, quantity;
  };
  // The fold of the first trades of one interval, which the next message carries on.
  struct Prefix {
    Timestamp begin{};
    std::size_t at = 0;  // of the first trade that is not in it, among all
    CandleSum sum;
    bool started = false;
  };
  struct Symbol {
    std::deque<Kept> trades;  // ordered by key
    std::optional<Timestamp> since;
    TradeSequence ids;
    std::optional<int> price_places;
    int widest_price = 0;
    std::map<Duration, Prefix> prefixes;
    std::deque<Candle> waiting;
  };
  enum class Verdict : std::uint8_t { Equal, Different, Gap, Early, Unknown };

  void add(const Trade& trade);
  void retry(const std::string& name, Symbol& symbol);
  Verdict judge(std::string_view name, Symbol& symbol, const Candle& candle);
  void count(Verdict verdict);

  std::map<std::string, Symbol, std::less<>> symbols_;
  CandleCheckCounts counts_;
  std::vector<std::string> differences_;
};

}  // namespace ktape
