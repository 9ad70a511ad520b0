#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/decimal.hpp"
#include "core/base/time.hpp"
#include "core/market/event.hpp"
#include "core/protocol/trading.hpp"
#include "exchange/instrument_table.hpp"

// What decides about orders and money, behind one seam: the fronts that speak Kraken's dialects know accounts, orders
// and fills only in these terms, whatever rules make them.
namespace ktape {

enum class AccountId : std::uint32_t {};  // counts from 1

enum class AccountTier : std::uint8_t { Starter, Intermediate, Pro };

// What an account is before it has traded.
struct AccountTerms {
  std::string name;
  AccountTier tier = AccountTier::Intermediate;
  Decimal maker_percent = Decimal::from_units(25, 2);  // Kraken's first tier (rest section 13)
  Decimal taker_percent = Decimal::from_units(40, 2);
  std::map<std::string, Decimal, std::less<>> balances{};  // by the names of Spot v2: BTC, USD
};

// What the engine may know of the market, at the present of its clock.
class MarketView {
 public:
  virtual const InstrumentTable& instruments() const = 0;
  // The displayed levels of one side, best first: Buy has the bids. Empty where no valid book is known.
  virtual std::vector<Level> levels(std::string_view symbol, Side side) const = 0;
  // online, post_only, cancel_only, maintenance.
  virtual std::string_view system() const = 0;

 protected:
  ~MarketView() = default;
};

enum class OrderStatus : std::uint8_t { PendingNew, New, PartiallyFilled, Filled, Canceled, Expired };
std::string_view to_string(OrderStatus status);

// One order, whole. Quantities have the pair's places, cost and fee those of its costs.
struct EngineOrder {
  std::string order_id;
  std::string client_order_id;
  std::optional<std::int64_t> user_reference;
  std::string symbol;
  Side side = Side::Buy;
  std::string order_type;     // as requests call it
  std::string time_in_force;  // gtc, gtd, ioc, fok
  Decimal quantity;           // of a market order that was given in cash: what it came to
  std::optional<Decimal> cash_quantity;
  std::optional<Decimal> limit_price, display_quantity;
  bool post_only = false;
  std::optional<Timestamp> expire_time;
  std::string fee_preference;  // base, quote; empty: not given
  OrderStatus status = OrderStatus::PendingNew;
  Decimal filled_quantity, filled_cost, fee;
  Decimal average_price;  // zero before the first fill
  Timestamp opened_at{}, changed_at{};
  std::string reason;  // why it was canceled
};

struct EngineFill {
  std::string fill_id;
  std::string order_id, client_order_id;
  std::optional<std::int64_t> user_reference;
  std::string symbol;
  Side side = Side::Buy;
  std::string order_type;
  std::int64_t trade_id = 0;
  Decimal price, quantity, cost, fee;
  std::string fee_asset;
  bool maker = false;
  Timestamp at{};
};

// A change of one balance; `amount` is without the fee. Places are those of the asset.
struct LedgerChange {
  std::string ledger_id;
  std::string reference_id;  // of a trade: the fill's id
  std::string asset;
  Decimal amount, fee, balance;
  Timestamp at{};
};

enum class OrderChange : std::uint8_t { PendingNew, New, Trade, Filled, Canceled, Expired, Amended };
std::string_view to_string(OrderChange change);  // as Spot v2 calls it: pending_new, ...

struct OrderNews {
  OrderChange change = OrderChange::New;
  EngineOrder order;               // as it is after the change
  std::optional<EngineFill> fill;  // Trade
  std::string reason;              // Canceled, Amended
  Timestamp at{};
};
using EngineNews = std::variant<OrderNews, LedgerChange>;

class EngineListener {
 public:
  // In the order in which it happened: pending_new, new, each fill before what it does to the balances, filled.
  virtual void on_engine_news(AccountId account, const EngineNews& news) = 0;

 protected:
  ~EngineListener() = default;
};

// What became of one order of a request; an error in Kraken's words concerns it alone.
struct OrderOutcome {
  std::string error;
  std::string order_id, client_order_id;
  std::optional<std::int64_t> user_reference;
  std::string amend_id, original_order_id;
  std::string description;  // the order in words: "buy 0.50000000 ETHEUR @ limit 3120.90"
};

struct EngineAnswer {
  std::string error;                 // of the request as a whole, in Kraken's words; empty: it was processed
  std::vector<OrderOutcome> orders;  // one per order of the request, in its order
  std::optional<std::int64_t> count;
  std::optional<Timestamp> current_time, trigger_time;
};

class TradingEngine {
 public:
  using Done = std::function<void(const EngineAnswer&)>;

  virtual ~TradingEngine() = default;

  // Answers once, at once or later; what it changes is told to the listeners after its answer. The request obeys the
  // rules of its form (spot_v2::find_violation); those of the pair, the account and the time are the engine's.
  virtual void submit(AccountId account, const TradingRequest& request, Done done) = 0;

  // They outlive the engine, and hear of all accounts.
  virtual void add_listener(EngineListener& listener) = 0;

  virtual std::size_t accounts() const = 0;  // ids 1 to this
  virtual const AccountTerms& terms(AccountId account) const = 0;
  // In the order in which they were opened; fills and closed orders oldest first, the engine keeps at least the
  // last 50.
  virtual std::vector<EngineOrder> open_orders(AccountId account) const = 0;
  virtual std::vector<EngineOrder> closed_orders(AccountId account) const = 0;
  virtual std::vector<EngineFill> fills(AccountId account) const = 0;
  // By asset; `holds`: what open orders have taken out of it.
  virtual std::map<std::string, Decimal, std::less<>> balances(AccountId account) const = 0;
  virtual std::map<std::string, Decimal, std::less<>> holds(AccountId account) const = 0;
  // The threshold of the rate counter: 60, 125 or 180.
  virtual int max_rate_count(AccountId account) const = 0;
  // What the counter of a pair stands at, rounded up.
  virtual int rate_count(AccountId account, std::string_view symbol) const = 0;
};

}  // namespace ktape
