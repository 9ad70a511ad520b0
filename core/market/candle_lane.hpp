#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/market/candle_sum.hpp"
#include "core/market/trade_coverage.hpp"

namespace ktape {

struct CandleRevision {
  Candle now;
  std::optional<Candle> before;  // nothing where the interval had not been told of
};

// What the candles of one symbol have in common, whatever their interval; outlives its lanes.
struct CandleContext {
  std::string_view symbol{};
  std::optional<int> price_places{};
  Duration revision_horizon{};
  std::size_t kept_candles = 0;
  TradeCoverage coverage{};
  // The widest numbers seen: candles are told with these places.
  int widest_price = 0;
  int widest_quantity = 0;
  // The close of the newest finished candle that the exchange told, for symbols that have not traded since.
  struct KnownClose {
    Timestamp end;
    Decimal price;
  };
  std::optional<KnownClose> known_close{};
};

// The candles of one interval of one symbol, a part of CandleBuilder, which decides what is added to which lane.
class CandleLane {
 public:
  // `context` outlives it.
  CandleLane(Duration interval, CandleContext& context) : interval_(interval), context_(context) {}
  CandleLane(const CandleLane& other, CandleContext& context);
  CandleLane(CandleLane&&) = default;

  Duration interval() const { return interval_; }
  Timestamp begin_of(Timestamp at) const { return floor_to(at, interval_); }
  // Whether the interval that holds `at` is over, or was before anybody listened.
  bool is_closed(Timestamp at) const { return at < closed_until_; }

  // Intervals that end at or before `at` are over, those without a trade too.
  void pass(Timestamp at) { closed_until_ = std::max(closed_until_, begin_of(at)); }

  // Intervals that end at or before `instant` are never told.
  void start_at(Timestamp instant);

  Result<void> add(const Trade& trade);
  Result<void> add(Timestamp begin, const CandleSum& part);
  // Where the exchange's own candle stands in for trades that were not seen, the later ones of them.
  Result<void> add_to_seed(const Trade& trade);

  // A candle of the exchange as it stood after its trade of `last_trade`, and what was seen of the interval.
  // False if the two cannot be told apart, or if nothing is missing.
  bool seed(const CandleSum& candle, Timestamp begin, Timestamp last_trade, const CandleSum& seen);

  // The sum of an interval, or nullptr.
  const CandleSum* sum(Timestamp begin) const;
  std::optional<Candle> candle_at(Timestamp begin, const CandleSum& sum) const;

  // The end of the first interval that has trades and is not closed.
  std::optional<Timestamp> first_open_end() const;
  // The begins of those that are not closed and lie within [from, to).
  std::vector<Timestamp> open_within(Timestamp from, Timestamp to) const;

  // Nothing where nothing was ever traded, or nothing was traded now and empty candles are not wanted.
  std::optional<Candle> close(Timestamp boundary, bool tell_empty);

  // Before closed candles change: notes what is told of those that a trade of `at` reaches.
  void note_before(Timestamp at);
  // Before the coverage changes: notes those told as partial or suspect.
  void note_doubtful();
  // After it: tells those that have become different, oldest first.
  void revise(std::vector<CandleRevision>& revised);

  // Trades too old for every candle that is kept.
  bool forgotten(Timestamp at) const { return begin_of(at) < forgotten_until_; }

  std::size_t kept() const { return slots_.size(); }

 private:
  struct Seed {
    CandleSum until;  // the exchange's
    CandleSum after;
    Timestamp last_trade;
  };
  struct Slot {
    Slot() = default;
    Slot(const Slot& other);
    Slot(Slot&&) = default;
    Slot& operator=(Slot&&) = default;
    CandleSum sum;
    std::unique_ptr<Seed> seed;
    bool told = false;
    bool told_partial = false;
    bool told_suspect = false;
    bool lacks_parts = false;  // a part left the range of the sums
    CandleState state = CandleState::Open;
    std::uint32_t revision = 0;
  };

  Slot& slot(Timestamp begin);
  const Decimal* last_close_before(Timestamp begin) const;
  Candle candle(Timestamp begin, const Slot& slot) const;
  void note(Timestamp begin);
  static void remember_told(Slot& slot, const Candle& candle);
  void forget_old();

  Duration interval_;
  CandleContext& context_;
  std::map<Timestamp, Slot> slots_;
  std::optional<std::pair<Timestamp, Decimal>> forgotten_close_;  // of the newest traded one that slots_ has forgotten
  Timestamp forgotten_until_ = Timestamp::min();
  Timestamp closed_until_ = Timestamp::min();
  Timestamp told_from_ = Timestamp::min();
  std::optional<Timestamp> newest_traded_;
  Slot* recent_ = nullptr;
  Timestamp recent_begin_{};
  std::map<Timestamp, std::optional<Candle>> before_;  // of a revision that is being made
};

}  // namespace ktape
