#pragma once

#include <array>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/market/order_book.hpp"
#include "core/market/trade_sequence.hpp"
#include "core/protocol/dialect.hpp"
#include "exchange/feed.hpp"
#include "tools/dedupe.hpp"

// Internal to tools: one connection of the result of dedupe().
namespace ktape {

inline constexpr unsigned kFirst = 1;
inline constexpr unsigned kSecond = 2;
inline constexpr unsigned kBoth = 3;

// A message of one or both inputs that waits for what belongs before it.
struct PendingFrame {
  Timestamp at;
  Frame frame;
  std::string payload;
  unsigned sources = 0;
  bool made = false;

  // What it tells, as far as the order depends on it.
  std::string feed;                   // "book BTC/USD"; empty for the conversation itself
  std::optional<std::int64_t> order;  // exchange time or trade id
  bool snapshot = false;
};

// What the result has said on one connection, and what it will say next.
class DedupeLane {
 public:
  // `report` and `present` outlive it. `present` tells whether an input was recording a connection at an instant.
  using Present = std::function<bool(std::size_t input, Timestamp at)>;
  DedupeLane(Dialect dialect, ConnectionId connection, Present present, DedupeReport& report);
  ~DedupeLane();
  DedupeLane(const DedupeLane&) = delete;
  DedupeLane& operator=(const DedupeLane&) = delete;

  // A frame of an input, in the order of time.
  void take(std::size_t input, Timestamp at, const Frame& frame, bool made);

  // An error where the inputs have the same book at different depths: they have not heard the same then.
  const Result<void>& status() const { return status_; }

  std::optional<Timestamp> next_at() const;
  // Takes what comes next out of the pending frames. `say` gets it unless it is to be left out.
  using Say = std::function<void(const PendingFrame& frame)>;
  void release(const Say& say);

 private:
  class Reader;
  class Judge;
  struct MergedBook {
    OrderBook book;
    std::optional<std::int64_t> last;  // exchange time of the update taken last
    Timestamp last_at;
    bool told_missing = false;
  };
  struct Trades {
    TradeSequence sequence;
    std::map<std::int64_t, std::string> recent;
    Timestamp last_at;
  };

  std::list<PendingFrame>::iterator choose();
  bool verifies(const PendingFrame& frame);
  bool wanted_control(const PendingFrame& frame);
  bool wanted_data(const PendingFrame& frame);
  std::size_t leader(Timestamp at) const;
  void disagree(Disagreement what);

  ConnectionId connection_;
  Present present_;
  DedupeReport& report_;
  std::unique_ptr<Codec> codec_;
  std::list<PendingFrame> pending_;
  Result<void> status_;

  std::array<bool, 2> open_{};
  std::array<std::set<Feed>, 2> subscribed_;
  std::set<Feed> in_force_;
  std::set<Feed> asked_;
  bool said_open_ = false;
  bool said_status_ = false;
  std::map<std::string, MergedBook, std::less<>> books_;
  std::map<std::string, Trades, std::less<>> trades_;
  std::map<std::string, std::optional<std::int64_t>> told_;  // of tickers, candles, instruments: the latest, by feed
};

}  // namespace ktape
