#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/decimal.hpp"
#include "core/base/random.hpp"
#include "core/market/event.hpp"
#include "exchange/trading_engine.hpp"

namespace ktape {

// One order of Futures, whole.
struct FuturesOrder {
  std::string order_id, client_order_id;
  std::string product;
  Side side = Side::Buy;
  std::string type;  // as REST calls it: lmt, post, ioc, mkt
  std::optional<Decimal> limit_price{};
  Decimal quantity{}, filled{};
  bool reduce_only = false;
  Timestamp placed_at{}, changed_at{};

  Decimal remaining() const;
};

struct FuturesFill {
  std::string fill_id, order_id, client_order_id, product, order_type;
  Side side = Side::Buy;
  Decimal price{}, quantity{}, remaining{};  // what is left of the order
  std::int64_t sequence = 0;                 // counts from 0 within the account
  Timestamp at{};
};

// What is held of a product: more than zero is long. The entry price is the mean of what it was built up with, in ten
// places.
struct FuturesPosition {
  Decimal size{};
  Decimal entry_price{};
  Timestamp changed_at{};
};

struct FuturesEvent {
  enum class Kind : std::uint8_t { Place, Execution, Reject, Cancel };
  Kind kind = Kind::Place;
  FuturesOrder order;  // of an execution as it was before
  std::optional<FuturesFill> fill{};
  std::string reason{};  // of a reject as REST has it, of a cancel as the feed open_orders has it
  bool placed = true;    // whether a Place was told of the order; else it was filled, or not, as it came
};

class FuturesListener {
 public:
  // In the order in which it happened. `account`: its UUID.
  virtual void on_futures_event(std::string_view account, const FuturesEvent& event) = 0;

 protected:
  ~FuturesListener() = default;
};

struct NewFuturesOrder {
  std::string type, product, client_order_id;
  std::optional<Side> side{};
  std::optional<Decimal> quantity{}, limit_price{};
  bool reduce_only = false;
};

// What became of a request, in REST's words: "placed", "cancelled", "invalidPrice", ...
struct FuturesOutcome {
  std::string status;
  std::string order_id{};
  std::vector<FuturesEvent> events{};
};

// The simplest engine that keeps orders of Futures. Its rules are those of RestingEngine:
// - An order takes what the recorded book displays when it arrives, from the best price on, as far as its limit allows;
//   each level is a fill. The book is not changed by that.
// - What is left of a limit order rests until it is cancelled: recorded trades never fill it. What is left of an ioc or
//   of a market order is cancelled; one that finds nothing is rejected, and so is a post-only order that would take.
// - Positions are kept exactly. No margin is asked for, nothing is liquidated, no fee is taken and no wallet moves.
// - Stops, take-profits and trailing stops are refused ("invalidOrderType").
class FuturesEngine {
 public:
  // Both outlive it. Ids follow from the seed.
  FuturesEngine(TimerService& timers, const MarketView& market, std::uint64_t seed = 1)
      : timers_(timers), market_(market), random_(seed) {}
  FuturesEngine(const FuturesEngine&) = delete;
  FuturesEngine& operator=(const FuturesEngine&) = delete;

  // It outlives the engine.
  void add_listener(FuturesListener& listener) { listeners_.push_back(&listener); }

  // `known`: whether there is such a product. Listeners hear of it before this returns.
  FuturesOutcome send(std::string_view account, const NewFuturesOrder& order, bool known);
  // By either id.
  FuturesOutcome cancel(std::string_view account, std::string_view order_id, std::string_view client_order_id);
  // Those of one product, or all where it is empty.
  FuturesOutcome cancel_all(std::string_view account, std::string_view product, std::string_view reason);
  // The dead man's switch; zero disarms it.
  void cancel_all_after(std::string_view account, Duration span);

  // In the order in which they were placed; fills oldest first, the last 1,000 of them.
  std::vector<FuturesOrder> open_orders(std::string_view account) const;
  std::vector<FuturesFill> fills(std::string_view account) const;
  std::map<std::string, FuturesPosition, std::less<>> positions(std::string_view account) const;

 private:
  struct Account {
    std::vector<FuturesOrder> open;
    std::deque<FuturesFill> fills;
    std::int64_t fill_count = 0;
    std::map<std::string, FuturesPosition, std::less<>> positions;
    Timer dead_man;
  };

  Account& at(std::string_view account);
  const Account* find(std::string_view account) const;
  std::string new_id();
  std::string objection(Account& account, const NewFuturesOrder& order, bool known) const;
  std::vector<Level> takeable(const NewFuturesOrder& order) const;
  void fill(std::string_view name, FuturesOrder& order, const Level& level, bool placed, FuturesOutcome& out);
  void tell(std::string_view account, FuturesEvent event, FuturesOutcome& out);

  TimerService& timers_;
  const MarketView& market_;
  Random random_;
  std::map<std::string, Account, std::less<>> accounts_;
  std::vector<FuturesListener*> listeners_;
};

}  // namespace ktape
