#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/result.hpp"
#include "core/market/event.hpp"

namespace ktape {

// The exact values of some trades of one symbol. Sums of sums equal the sum of all trades, in every field: larger
// candles are folded from smaller ones. Trades come in any order; (exchange_time, trade_id) decides what opened and
// what closed, and where these are equal (trades without ids) the order of arrival.
struct CandleSum {
  using Key = std::pair<Timestamp, std::int64_t>;

  std::int64_t trades = 0;
  Key first{}, last{};
  Decimal open{}, high{}, low{}, close{};
  int price_places = 0;     // the widest so far; they are the units of the sums
  int quantity_places = 0;  // likewise
  Int128 volume = 0;        // in units of 10^-quantity_places, as the next two
  Int128 buy_volume = 0;    // of the trades whose taker bought
  Int128 sell_volume = 0;
  // Sum of price times quantity, in units of 10^-(price_places + quantity_places): known to lie in
  // [turnover, turnover + turnover_slack], which is one value but where an exchange's rounded average went in.
  Int128 turnover = 0;
  Int128 turnover_slack = 0;

  // An error (Limit), and no change, where a sum would leave 128 bits. `price_places`: of the pair, if known; a price
  // may come with more digits then, all of them zero (v1 pads to five).
  Result<void> add(const Trade& trade, std::optional<int> pair_places);
  Result<void> add(const CandleSum& other);

  // Truncated to so many places (at least price_places), as Kraken does. Zero without a quantity: there is no average.
  Decimal vwap(int places) const { return average(turnover, places); }
  // The most it can be, where the turnover is not known exactly.
  Decimal vwap_upper(int places) const { return average(turnover + turnover_slack, places); }

 private:
  bool widen(int price, int quantity);
  Decimal average(Int128 sum, int places) const;
};

// The sum that a candle of the exchange stands for. Of its turnover only the truncated average is told, so it is known
// to within the volume times the last place of the price; first and last keys have no trade ids. `last_trade`: the
// time of the last trade in it.
Result<CandleSum> sum_of(const Candle& candle, std::optional<int> pair_places, Timestamp last_trade);

}  // namespace ktape
