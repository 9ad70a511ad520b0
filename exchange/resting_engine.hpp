#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "exchange/ledger.hpp"
#include "exchange/rate_counter.hpp"
#include "exchange/trading_engine.hpp"

namespace ktape {

struct RestingEngineOptions {
  std::uint64_t seed = 1;  // of the ids
  bool check_rates = true;
  bool refuse_post_only_that_takes = false;  // with "EOrder:Post only order", instead of accepting and cancelling it
  std::size_t max_kept = 1000;               // closed orders and fills of an account
};

// The simplest engine that keeps accounts honestly. Its rules:
// - An order takes what the recorded book displays at the moment it arrives, from the best price on, as far as its
//   limit allows; each level is a fill of its own. The book is not changed by that.
// - What is left of a limit order (also gtd, iceberg) rests until it is cancelled or expires: recorded trades never
//   fill it. What is left of an ioc is cancelled, a fok that cannot be filled whole is killed, and so is what the
//   displayed book has no more of for a market order.
// - A market order without a book to fill it from is refused.
// - A post-only order that would take is accepted and cancelled with "Post only order" (an option).
// - Fees are those of the account's terms, in the quote currency. A buy needs cost and fee, a sell the quantity, beyond
//   what other open orders hold.
// - While the market is in maintenance nothing is cancelled; a dead man's switch that is armed or runs out meanwhile
//   cancels all when the market is back.
// - Orders with triggers, margin, a start time or a conditional close are refused with EGeneral:Invalid arguments.
// - The rate counter, the limit of open orders, the minimums, ticks and the states of market and pairs are Kraken's.
class RestingEngine final : public TradingEngine {
 public:
  // `timers` and `market` outlive it. Account n of `accounts` has the id n + 1.
  RestingEngine(TimerService& timers, const MarketView& market, std::vector<AccountTerms> accounts,
                RestingEngineOptions options = {});
  RestingEngine(const RestingEngine&) = delete;
  RestingEngine& operator=(const RestingEngine&) = delete;

  void submit(AccountId account, const TradingRequest& request, Done done) override;
  void add_listener(EngineListener& listener) override { listeners_.push_back(&listener); }
  // To be told when the market's state changes (see MarketView::system).
  void on_system(std::string_view system);

  std::size_t accounts() const override { return accounts_.size(); }
  const AccountTerms& terms(AccountId account) const override { return at(account).terms; }
  std::vector<EngineOrder> open_orders(AccountId account) const override;
  std::vector<EngineOrder> closed_orders(AccountId account) const override;
  std::vector<EngineFill> fills(AccountId account) const override;
  Ledger::Amounts balances(AccountId account) const override { return at(account).ledger.balances(); }
  Ledger::Amounts holds(AccountId account) const override { return at(account).ledger.holds(); }
  int max_rate_count(AccountId account) const override { return limits_of(at(account).terms.tier).max_rate_count; }
  int rate_count(AccountId account, std::string_view symbol) const override;

 private:
  struct Open {
    EngineOrder order;
    std::uint64_t number = 0;  // in the order of opening
    Decimal held{};
    Timer expiry;
  };
  struct Account {
    explicit Account(AccountTerms about) : terms(std::move(about)), ledger(terms.balances) {}
    AccountTerms terms;
    Ledger ledger;
    std::map<std::string, Open, std::less<>> open;  // by order id
    std::map<std::string, std::string, std::less<>> by_client_id;
    std::deque<EngineOrder> closed;
    std::deque<EngineFill> fills;
    std::map<std::string, RateCounter, std::less<>> rates;  // by symbol
    Timer dead_man;
    bool dead_man_armed = false;
  };
  using News = std::vector<EngineNews>;
  using Objection = std::optional<std::string>;

  Account& at(AccountId account) { return *accounts_.at(static_cast<std::size_t>(account) - 1); }
  const Account& at(AccountId account) const { return *accounts_.at(static_cast<std::size_t>(account) - 1); }
  // An error if the account trades this pair too fast.
  std::string charge(Account& account, const std::string& symbol, int cost, int refused_cost);
  std::string new_id(char kind);

  Objection check_new(Account& account, const NewOrder& order);
  Objection check_funds(const Account& account, const PairTerms& pair, const EngineOrder& order) const;
  OrderOutcome place(AccountId id, const NewOrder& order, News& news);
  OrderOutcome accept(AccountId id, EngineOrder order, News& news);
  void match(AccountId id, EngineOrder& order, const PairTerms& pair, News& news);
  void fill(Account& account, EngineOrder& order, const PairTerms& pair, const Level& taken, News& news);
  void rest(AccountId id, EngineOrder order, const PairTerms& pair);
  void close(Account& account, EngineOrder order, OrderChange change, std::string reason, News& news);
  void close_open(Account& account, const std::string& order_id, OrderChange change, const std::string& reason,
                  News& news);
  Open* find(Account& account, std::string_view order_id, std::string_view client_order_id);
  std::string cancel_one(Account& account, Open* open, News& news);
  std::size_t cancel_all(Account& account, const std::string& reason, News& news);
  void fire_dead_man(AccountId id);
  Objection check_amendment(Account& account, const Open& open, const AmendOrder& amend, const EngineOrder& amended);

  // The commands, each in Kraken's order of checks: resting_commands.cpp.
  EngineAnswer handle(AccountId id, const AddOrder& add, News& news);
  EngineAnswer handle(AccountId id, const AmendOrder& amend, News& news);
  EngineAnswer handle(AccountId id, const EditOrder& edit, News& news);
  EngineAnswer handle(AccountId id, const CancelOrder& cancel, News& news);
  EngineAnswer handle(AccountId id, const CancelAll& cancel, News& news);
  EngineAnswer handle(AccountId id, const CancelAllOrdersAfter& after, News& news);
  EngineAnswer handle(AccountId id, const BatchAdd& batch, News& news);
  EngineAnswer handle(AccountId id, const BatchCancel& batch, News& news);
  // A listener may submit from inside: what comes of that is told after what came before it.
  void tell(AccountId account, News news);

  TimerService& timers_;
  const MarketView& market_;
  RestingEngineOptions options_;
  std::vector<std::unique_ptr<Account>> accounts_;
  std::vector<EngineListener*> listeners_;
  std::deque<std::pair<AccountId, EngineNews>> untold_;
  bool telling_ = false;
  bool in_maintenance_ = false;
  Random random_;
  std::uint64_t orders_ = 0;
  std::int64_t trades_ = 0;
};

}  // namespace ktape
