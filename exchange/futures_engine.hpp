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
#include "exchange/futures_position.hpp"
#include "exchange/market_watch.hpp"

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

enum class FuturesFillType : std::uint8_t { Maker, Taker, TakerAfterEdit };
std::string_view to_string(FuturesFillType type);  // as the feed fills calls it

struct FuturesFill {
  std::string fill_id, order_id, client_order_id, product, order_type;
  Side side = Side::Buy;
  FuturesFillType type = FuturesFillType::Taker;
  Decimal price{}, quantity{}, remaining{};  // what is left of the order
  Decimal fee{};
  std::string fee_currency{};
  std::int64_t sequence = 0;  // counts from 0 within the account
  Timestamp at{};
};

// An order that has come to its end, as orders/status tells it.
struct EndedFuturesOrder {
  FuturesOrder order;
  std::string status;  // FULLY_EXECUTED, CANCELLED, REJECTED
};

// A line of the account log (futures-v1 section 5.7): of each fill one of the position, then one of the money.
struct FuturesBooking {
  std::int64_t id = 0;
  std::string booking_uid, asset, margin_account, execution;
  Decimal old_balance{}, new_balance{}, old_entry_price{}, new_entry_price{};
  Decimal trade_price{}, mark_price{}, realized_profit{}, fee{};
  Timestamp at{};
};

struct FuturesEvent {
  enum class Kind : std::uint8_t { Place, Edit, Execution, Reject, Cancel };
  Kind kind = Kind::Place;
  FuturesOrder order;                    // of an execution and an edit as it was before
  std::optional<FuturesOrder> edited{};  // Edit
  std::optional<FuturesFill> fill{};
  std::string reason{};  // of a reject as REST has it, of a cancel as the feed open_orders has it
  bool placed = true;    // whether a Place was told of the order; else it was filled, or not, as it came
};

class FuturesListener {
 public:
  // In the order in which it happened. `account`: its UUID.
  virtual void on_futures_event(std::string_view account, const FuturesEvent& event) = 0;
  // Behind the event of the fill that they are of.
  virtual void on_futures_booking(std::string_view account, const FuturesBooking& booking) = 0;
  // The market has told new marks of something that the account holds.
  virtual void on_futures_marks(std::string_view account) = 0;

 protected:
  ~FuturesListener() = default;
};

struct NewFuturesOrder {
  std::string type, product, client_order_id;
  std::optional<Side> side{};
  std::optional<Decimal> quantity{}, limit_price{};
  bool reduce_only = false;
};

// What is to become of an order, named by either id.
struct FuturesEdit {
  std::string order_id, client_order_id;
  std::optional<Decimal> quantity{}, limit_price{};  // of the whole order, with what is filled
};

// What became of a request, in REST's words: "placed", "cancelled", "invalidPrice", ...
struct FuturesOutcome {
  std::string status;
  std::string order_id{};
  std::vector<FuturesEvent> events{};
};

// What a Futures account has of money, exactly.
struct FuturesWallets {
  using Amounts = std::map<std::string, Decimal, std::less<>>;
  Amounts cash{};    // by currency; nothing is traded with it
  Amounts flex{};    // by currency: what linear products are traded with
  Amounts margin{};  // by wallet (F-XBT:USD), in its currency: what inverse products are traded with
};

// What an account is before it has traded.
struct FuturesTerms {
  std::string account;  // a UUID
  Decimal maker_percent = Decimal::from_units(2, 2);
  Decimal taker_percent = Decimal::from_units(5, 2);
  FuturesWallets wallets{};
};

// The simplest engine that keeps accounts of Futures honestly. Its rules:
// - An order takes what the recorded book displays when it arrives, from the best price on, as far as its limit allows;
//   each level is a fill. The book is not changed by that.
// - What is left of a limit order rests. It is filled, as a maker and at its own price, when a trade is told beyond
// that
//   price, up to what was traded: whoever rests at a better price comes first, whatever the queues are. The best prices
//   come first among orders, then the older ones. Trades at its price fill nothing.
// - What is left of an ioc or of a market order is cancelled; one that finds nothing is rejected, and so is a post-only
//   order that would take.
// - An edited order may take like a new one; a post-only one that would is left as it was.
// - Each fill pays its fee, in percent of its value, and what it realises goes to the wallet of its product. No margin
// is
//   asked for and nothing is liquidated: wallets may sink below zero. Funding is neither paid nor received.
// - Stops, take-profits and trailing stops are refused ("invalidOrderType").
class FuturesEngine final : private MarketListener {
 public:
  // `timers` and `market` outlive it, and `market` tells nobody after it. Ids follow from the seed.
  FuturesEngine(TimerService& timers, MarketWatch& market, const std::vector<FuturesTerms>& accounts,
                std::uint64_t seed = 1);
  FuturesEngine(const FuturesEngine&) = delete;
  FuturesEngine& operator=(const FuturesEngine&) = delete;

  // It outlives the engine.
  void add_listener(FuturesListener& listener) { listeners_.push_back(&listener); }

  // `known`: whether there is such a product. Listeners hear of it before this returns.
  FuturesOutcome send(std::string_view account, const NewFuturesOrder& order, bool known);
  FuturesOutcome edit(std::string_view account, const FuturesEdit& edit);
  // By either id.
  FuturesOutcome cancel(std::string_view account, std::string_view order_id, std::string_view client_order_id);
  // Those of one product, or all where it is empty.
  FuturesOutcome cancel_all(std::string_view account, std::string_view product, std::string_view reason);
  // The dead man's switch; zero disarms it.
  void cancel_all_after(std::string_view account, Duration span);

  // In the order in which they were placed; fills, ended orders and bookings oldest first, the last 1,000 of each.
  std::vector<FuturesOrder> open_orders(std::string_view account) const;
  std::vector<EndedFuturesOrder> ended_orders(std::string_view account) const;
  std::vector<FuturesFill> fills(std::string_view account) const;
  std::vector<FuturesBooking> bookings(std::string_view account) const;
  std::map<std::string, FuturesPosition, std::less<>> positions(std::string_view account) const;
  FuturesWallets wallets(std::string_view account) const;
  const MarketWatch& market() const { return market_; }

 private:
  struct Account {
    FuturesTerms terms;  // its wallets are those of now
    std::vector<FuturesOrder> open;
    std::deque<EndedFuturesOrder> ended;
    std::deque<FuturesFill> fills;
    std::deque<FuturesBooking> bookings;
    std::int64_t fill_count = 0;
    std::int64_t booking_count = 0;
    std::map<std::string, FuturesPosition, std::less<>> positions;
    Timer dead_man;
  };
  // What has happened and is to be told.
  struct Filled {
    FuturesEvent event;
    std::vector<FuturesBooking> bookings;
  };
  struct Passed {
    std::string product;
    Decimal price, quantity;
  };

  void on_market_event(const Event& event) override;
  void look_at_the_market();
  void fill_what_was_passed(const Passed& trade);

  Account& at(std::string_view account);
  const Account* find(std::string_view account) const;
  std::string new_id();
  std::string objection(Account& account, const NewFuturesOrder& order, bool known) const;
  std::vector<Level> takeable(std::string_view product, Side side, const std::optional<Decimal>& limit) const;
  Filled fill(Account& account, FuturesOrder& order, const Level& level, FuturesFillType type, bool placed);
  void book(Account& account, const FuturesFill& fill, const FuturesPosition& before, const Decimal& profit,
            std::vector<FuturesBooking>& out);
  static void end(Account& account, const FuturesOrder& order, std::string_view status);
  void tell(std::string_view account, FuturesEvent event, FuturesOutcome& out);
  void tell(std::string_view account, Filled filled, FuturesOutcome& out);

  TimerService& timers_;
  MarketWatch& market_;
  Random random_;
  std::map<std::string, Account, std::less<>> accounts_;
  std::vector<FuturesListener*> listeners_;
  std::vector<Passed> passed_;
  std::vector<std::string> marked_;  // products with new marks
  Timer look_;
};

}  // namespace ktape
