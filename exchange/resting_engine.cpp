#include "exchange/resting_engine.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/protocol/spot_v1/symbol_names.hpp"
#include "exchange/money.hpp"
#include "exchange/order_rules.hpp"

namespace ktape {
namespace {

constexpr std::string_view kUserRequested = "User requested";
constexpr std::string_view kUnknownOrder = "EOrder:Unknown order";

std::string invalid(std::string_view what) { return fmt::format("EGeneral:Invalid arguments:{}", what); }

Decimal with_places(const Decimal& value, int places) { return money::rounded(value, places).value_or(value); }

Decimal remaining(const EngineOrder& order) {
  return money::difference(order.quantity, order.filled_quantity).value_or(Decimal());
}

bool is_market(const EngineOrder& order) { return order.order_type == "market"; }

// Whether an order with that limit would take a level of the other side.
bool crosses(const EngineOrder& order, const Decimal& price) {
  if (is_market(order)) return true;
  return order.side == Side::Buy ? *order.limit_price >= price : *order.limit_price <= price;
}

bool takes_at_once(const EngineOrder& order, const std::vector<Level>& opposite) {
  return !opposite.empty() && crosses(order, opposite.front().price);
}

Side other(Side side) { return side == Side::Buy ? Side::Sell : Side::Buy; }

// "buy 0.50000000 ETHEUR @ limit 3120.90", as REST and Spot v1 describe an order.
std::string description_of(const EngineOrder& order) {
  std::string pair = spot_v1::wire_symbol(order.symbol);
  std::erase(pair, '/');
  if (is_market(order)) return fmt::format("{} {} {} @ market", to_string(order.side), order.quantity.text(), pair);
  return fmt::format("{} {} {} @ limit {}", to_string(order.side), order.quantity.text(), pair,
                     order.limit_price->text());
}

}  // namespace

RestingEngine::RestingEngine(TimerService& timers, const MarketView& market, std::vector<AccountTerms> accounts,
                             RestingEngineOptions options)
    : timers_(timers), market_(market), options_(options), random_(options.seed) {
  for (AccountTerms& terms : accounts) accounts_.push_back(std::make_unique<Account>(std::move(terms)));
}

// OQCLML-BW3P3-BUCMWZ: a letter that tells the kind, and upper-case letters and digits in groups of 6, 5 and 6.
std::string RestingEngine::new_id(char kind) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string id(1, kind);
  while (id.size() < 19) {
    if (id.size() == 6 || id.size() == 12) {
      id += '-';
    } else {
      id += kLetters[random_.below(kLetters.size())];
    }
  }
  return id;
}

std::vector<EngineOrder> RestingEngine::open_orders(AccountId account) const {
  std::vector<const Open*> all;
  for (const auto& [id, open] : at(account).open) all.push_back(&open);
  std::sort(all.begin(), all.end(), [](const Open* a, const Open* b) { return a->number < b->number; });
  std::vector<EngineOrder> orders;
  for (const Open* open : all) orders.push_back(open->order);
  return orders;
}

std::vector<EngineOrder> RestingEngine::closed_orders(AccountId account) const {
  const auto& closed = at(account).closed;
  return {closed.begin(), closed.end()};
}

std::vector<EngineFill> RestingEngine::fills(AccountId account) const {
  const auto& fills = at(account).fills;
  return {fills.begin(), fills.end()};
}

int RestingEngine::rate_count(AccountId account, std::string_view symbol) const {
  const auto& rates = at(account).rates;
  const auto found = rates.find(symbol);
  return found == rates.end() ? 0 : static_cast<int>((found->second.value(timers_.now()) + 99) / 100);
}

void RestingEngine::tell(AccountId account, News news) {
  for (EngineNews& one : news) untold_.emplace_back(account, std::move(one));
  if (std::exchange(telling_, true)) return;
  while (!untold_.empty()) {
    const auto [whose, one] = std::move(untold_.front());
    untold_.pop_front();
    for (EngineListener* const listener : listeners_) listener->on_engine_news(whose, one);
  }
  telling_ = false;
}

RestingEngine::Objection RestingEngine::check_new(Account& account, const NewOrder& order) {
  const PairTerms* const pair = market_.instruments().find_pair(order.symbol);
  if (pair == nullptr) return invalid("symbol");
  // Beyond this engine's rules, and by far the rarest orders.
  if (order.order_type != "limit" && order.order_type != "market" && order.order_type != "iceberg") {
    return invalid(fmt::format("order_type {} is not simulated", order.order_type));
  }
  if (order.margin.value_or(false)) return "EOrder:Cannot open position";
  if (order.reduce_only.value_or(false)) return "EOrder:Reduce only:No position exists";
  if (!order.effective_time.empty()) return "EOrder:Scheduled orders limit exceeded";
  if (order.conditional) return invalid("conditional is not simulated");
  if (auto closed = order_rules::check_market(market_.system(), *pair, order)) return closed;
  if (order.limit_price) {
    if (auto bad = order_rules::check_price(*order.limit_price, *pair)) return bad;
  }
  if (order.quantity) {
    if (auto bad = order_rules::check_quantity(*order.quantity, *pair)) return bad;
    if (order.limit_price) {
      if (auto bad = order_rules::check_cost(*order.limit_price, *order.quantity, *pair)) return bad;
    }
  }
  if (auto bad = order_rules::check_display(order.display_quantity, order.quantity.value_or(Decimal()))) return bad;
  if (auto bad = order_rules::check_expiry(order.expire_time, timers_.now())) return bad;
  if (!order.client_order_id.empty() && account.by_client_id.contains(order.client_order_id)) {
    return invalid("cl_ord_id");
  }
  return std::nullopt;
}

OrderOutcome RestingEngine::place(AccountId id, const NewOrder& wanted, News& news) {
  Account& account = at(id);
  OrderOutcome outcome;
  if (auto objection = check_new(account, wanted)) {
    outcome.error = std::move(*objection);
    return outcome;
  }
  const PairTerms& pair = *market_.instruments().find_pair(wanted.symbol);
  EngineOrder order;
  order.client_order_id = wanted.client_order_id;
  order.user_reference = wanted.user_reference;
  order.symbol = wanted.symbol;
  order.side = wanted.side;
  order.order_type = wanted.order_type;
  order.time_in_force = wanted.time_in_force.empty() ? "gtc" : wanted.time_in_force;
  if (wanted.limit_price) order.limit_price = with_places(*wanted.limit_price, pair.price_precision);
  if (wanted.display_quantity) order.display_quantity = with_places(*wanted.display_quantity, pair.quantity_precision);
  order.post_only = wanted.post_only.value_or(false);
  order.fee_preference = wanted.fee_preference;
  if (!wanted.expire_time.empty()) order.expire_time = *parse_rfc3339(wanted.expire_time);

  const auto levels = market_.levels(order.symbol, other(order.side));
  if (is_market(order) && levels.empty()) {
    outcome.error =
        fmt::format("EService:Unavailable:no book of {} is known to fill a market order from", order.symbol);
    return outcome;
  }
  if (wanted.cash_quantity) {
    // What the cash buys at the best price, cut to whole lots.
    order.cash_quantity = wanted.cash_quantity;
    const auto bought = money::quotient(*wanted.cash_quantity, levels.front().price, pair.quantity_precision);
    if (!bought || order_rules::check_quantity(*bought, pair)) {
      outcome.error = invalid("volume minimum not met");
      return outcome;
    }
    order.quantity = *bought;
  } else {
    order.quantity = with_places(*wanted.quantity, pair.quantity_precision);
  }
  if (is_market(order)) {
    if (auto bad = order_rules::check_cost(levels.front().price, order.quantity, pair)) {
      outcome.error = std::move(*bad);
      return outcome;
    }
  }
  if (auto short_of = check_funds(account, pair, order)) {
    outcome.error = std::move(*short_of);
    return outcome;
  }
  if (options_.refuse_post_only_that_takes && order.post_only && takes_at_once(order, levels)) {
    outcome.error = "EOrder:Post only order";
    return outcome;
  }
  return accept(id, std::move(order), news);
}

// A limit order is reckoned at its limit, a market order at the worst price that it can reach.
RestingEngine::Objection RestingEngine::check_funds(const Account& account, const PairTerms& pair,
                                                    const EngineOrder& order) const {
  constexpr auto kShort = "EOrder:Insufficient funds";
  const Decimal open = remaining(order);
  if (order.side == Side::Sell) {
    if (account.ledger.available(pair.base) < open) return kShort;
    return std::nullopt;
  }
  Decimal price = order.limit_price.value_or(Decimal());
  if (is_market(order)) {
    Decimal left = open;
    for (const Level& level : market_.levels(order.symbol, Side::Sell)) {
      price = level.price;
      if (left <= level.quantity) break;
      left = money::difference(left, level.quantity).value_or(Decimal());
    }
  }
  const auto exact = money::product(price, open);
  const auto cost = exact ? money::rounded(*exact, pair.cost_precision) : std::nullopt;
  const auto fee = cost ? money::percentage(*cost, account.terms.taker_percent, pair.cost_precision) : std::nullopt;
  const auto needed = fee ? money::sum(*cost, *fee) : std::nullopt;
  if (!needed || account.ledger.available(pair.quote) < *needed) return kShort;
  return std::nullopt;
}

OrderOutcome RestingEngine::accept(AccountId id, EngineOrder order, News& news) {
  Account& account = at(id);
  const PairTerms& pair = *market_.instruments().find_pair(order.symbol);
  const Timestamp now = timers_.now();
  order.order_id = new_id('O');
  order.opened_at = order.changed_at = now;
  order.filled_quantity = Decimal::from_units(0, pair.quantity_precision);
  order.filled_cost = order.fee = Decimal::from_units(0, pair.cost_precision);
  order.average_price = Decimal::from_units(0, pair.price_precision);

  OrderOutcome outcome;
  outcome.order_id = order.order_id;
  outcome.client_order_id = order.client_order_id;
  outcome.user_reference = order.user_reference;
  outcome.description = description_of(order);

  news.push_back(OrderNews{OrderChange::PendingNew, order, {}, {}, now});
  order.status = OrderStatus::New;
  news.push_back(OrderNews{OrderChange::New, order, {}, {}, now});

  const auto levels = market_.levels(order.symbol, other(order.side));
  if (order.post_only && takes_at_once(order, levels)) {
    close(account, std::move(order), OrderChange::Canceled, "Post only order", news);
    return outcome;
  }
  if (order.time_in_force == "fok") {
    Decimal offered;
    for (const Level& level : levels) {
      if (crosses(order, level.price)) offered = money::sum(offered, level.quantity).value_or(offered);
    }
    if (offered < order.quantity) {
      close(account, std::move(order), OrderChange::Canceled, "Fill or kill order could not be filled", news);
      return outcome;
    }
  }
  match(id, order, pair, news);
  if (remaining(order).is_zero()) {
    close(account, std::move(order), OrderChange::Filled, {}, news);
  } else if (is_market(order)) {
    close(account, std::move(order), OrderChange::Canceled, "Insufficient liquidity", news);
  } else if (order.time_in_force == "ioc") {
    close(account, std::move(order), OrderChange::Canceled, "Immediate or cancel", news);
  } else {
    rest(id, std::move(order), pair);
  }
  return outcome;
}

void RestingEngine::match(AccountId id, EngineOrder& order, const PairTerms& pair, News& news) {
  for (const Level& level : market_.levels(order.symbol, other(order.side))) {
    const Decimal left = remaining(order);
    if (left.is_zero() || !crosses(order, level.price)) return;
    fill(at(id), order, pair, {level.price, with_places(std::min(left, level.quantity), pair.quantity_precision)},
         news);
  }
}

// One fill, and what it does to the balances: first the quote currency, then the base, as captured.
void RestingEngine::fill(Account& account, EngineOrder& order, const PairTerms& pair, const Level& taken, News& news) {
  const Timestamp now = timers_.now();
  const auto exact = money::product(taken.price, taken.quantity);
  const auto cost = exact ? money::rounded(*exact, pair.cost_precision) : std::nullopt;
  const auto fee = cost ? money::percentage(*cost, account.terms.taker_percent, pair.cost_precision) : std::nullopt;
  KTAPE_ASSERT(fee.has_value(), "quantities and prices that were let pass have exact costs");

  EngineFill fill;
  fill.fill_id = new_id('T');
  fill.order_id = order.order_id;
  fill.client_order_id = order.client_order_id;
  fill.user_reference = order.user_reference;
  fill.symbol = order.symbol;
  fill.side = order.side;
  fill.order_type = order.order_type;
  fill.trade_id = ++trades_;
  fill.price = with_places(taken.price, pair.price_precision);
  fill.quantity = taken.quantity;
  fill.cost = *cost;
  fill.fee = *fee;
  fill.fee_asset = pair.quote;
  fill.at = now;

  order.filled_quantity = money::sum(order.filled_quantity, fill.quantity).value_or(order.filled_quantity);
  order.filled_cost = money::sum(order.filled_cost, fill.cost).value_or(order.filled_cost);
  order.fee = money::sum(order.fee, fill.fee).value_or(order.fee);
  order.average_price =
      money::quotient(order.filled_cost, order.filled_quantity, pair.price_precision).value_or(fill.price);
  order.status = OrderStatus::PartiallyFilled;
  order.changed_at = now;
  news.push_back(OrderNews{OrderChange::Trade, order, fill, {}, now});

  const bool buys = order.side == Side::Buy;
  const auto book = [&](const std::string& asset, const Decimal& amount, const Decimal& charged) {
    const int places = market_.instruments().balance_places(asset);
    LedgerChange change;
    change.ledger_id = new_id('L');
    change.reference_id = fill.fill_id;
    change.asset = asset;
    change.amount = with_places(amount, places);
    change.fee = with_places(charged, places);
    change.balance = account.ledger.book(asset, change.amount, change.fee, places).value_or(Decimal());
    change.at = now;
    news.push_back(std::move(change));
  };
  book(pair.quote, buys ? money::negative(fill.cost) : fill.cost, fill.fee);
  book(pair.base, buys ? fill.quantity : money::negative(fill.quantity), Decimal());
  account.fills.push_back(std::move(fill));
  if (account.fills.size() > options_.max_kept) account.fills.pop_front();
}

void RestingEngine::rest(AccountId id, EngineOrder order, const PairTerms& pair) {
  Account& account = at(id);
  Open open;
  open.number = ++orders_;
  const Decimal left = remaining(order);
  open.held = order.side == Side::Sell ? left : money::product(*order.limit_price, left).value_or(Decimal());
  account.ledger.hold(order.side == Side::Sell ? pair.base : pair.quote, open.held);
  if (order.expire_time) {
    open.expiry = timers_.at(*order.expire_time, [this, id, order_id = order.order_id](Timestamp) {
      News news;
      close_open(at(id), order_id, OrderChange::Expired, {}, news);
      tell(id, std::move(news));
    });
  }
  if (!order.client_order_id.empty()) account.by_client_id[order.client_order_id] = order.order_id;
  const std::string order_id = order.order_id;
  open.order = std::move(order);
  account.open.emplace(order_id, std::move(open));
}

void RestingEngine::close(Account& account, EngineOrder order, OrderChange change, std::string reason, News& news) {
  order.status = change == OrderChange::Filled    ? OrderStatus::Filled
                 : change == OrderChange::Expired ? OrderStatus::Expired
                                                  : OrderStatus::Canceled;
  order.changed_at = timers_.now();
  order.reason = reason;
  news.push_back(OrderNews{change, order, {}, std::move(reason), timers_.now()});
  account.closed.push_back(std::move(order));
  if (account.closed.size() > options_.max_kept) account.closed.pop_front();
}

void RestingEngine::close_open(Account& account, const std::string& order_id, OrderChange change,
                               const std::string& reason, News& news) {
  const auto found = account.open.find(order_id);
  if (found == account.open.end()) return;
  Open open = std::move(found->second);
  account.open.erase(found);
  if (!open.order.client_order_id.empty()) account.by_client_id.erase(open.order.client_order_id);
  const auto slash = open.order.symbol.find('/');
  const std::string asset =
      open.order.side == Side::Sell ? open.order.symbol.substr(0, slash) : open.order.symbol.substr(slash + 1);
  account.ledger.hold(asset, money::negative(open.held));
  close(account, std::move(open.order), change, reason, news);
}

RestingEngine::Open* RestingEngine::find(Account& account, std::string_view order_id,
                                         std::string_view client_order_id) {
  if (!client_order_id.empty()) {
    const auto named = account.by_client_id.find(client_order_id);
    if (named == account.by_client_id.end()) return nullptr;
    order_id = named->second;
  }
  const auto found = account.open.find(order_id);
  return found == account.open.end() ? nullptr : &found->second;
}

std::string RestingEngine::charge(Account& account, const std::string& symbol, int cost, int refused_cost) {
  // A pair that nobody knows has no counter: the order is refused for its symbol.
  if (!options_.check_rates || market_.instruments().find_pair(symbol) == nullptr) return {};
  RateCounter& counter = account.rates.try_emplace(symbol, limits_of(account.terms.tier)).first->second;
  return counter.take(timers_.now(), cost, refused_cost) ? std::string() : "EOrder:Rate limit exceeded";
}

std::string RestingEngine::cancel_one(Account& account, Open* open, News& news) {
  if (auto closed = order_rules::check_system_for_cancel(market_.system())) return *closed;
  if (open == nullptr) return std::string(kUnknownOrder);
  const Duration age = timers_.now() - open->order.changed_at;
  if (auto refused = charge(account, open->order.symbol, RateCounter::cancel_cost(age), 0); !refused.empty()) {
    return refused;
  }
  const std::string id = open->order.order_id;
  close_open(account, id, OrderChange::Canceled, std::string(kUserRequested), news);
  return {};
}

}  // namespace ktape
