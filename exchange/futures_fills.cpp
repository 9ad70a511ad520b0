// How orders are filled, and what fills do to positions and money.
#include <algorithm>
#include <utility>

#include "exchange/futures_engine.hpp"
#include "exchange/money.hpp"

namespace ktape {
namespace {

constexpr std::size_t kMaxKept = 1000;

template <class T>
void keep(std::deque<T>& all, T one) {
  all.push_back(std::move(one));
  if (all.size() > kMaxKept) all.pop_front();
}

Decimal plus(const Decimal& a, const Decimal& b) { return money::trimmed(money::sum(a, b).value_or(a)); }
Decimal minus(const Decimal& a, const Decimal& b) { return money::trimmed(money::difference(a, b).value_or(a)); }

}  // namespace

std::string_view to_string(FuturesFillType type) {
  switch (type) {
    case FuturesFillType::Maker:
      return "maker";
    case FuturesFillType::Taker:
      return "taker";
    case FuturesFillType::TakerAfterEdit:
      break;
  }
  return "takerAfterEdit";
}

void FuturesEngine::end(Account& account, const FuturesOrder& order, std::string_view status) {
  keep(account.ended, {order, std::string(status)});
}

FuturesEngine::Filled FuturesEngine::fill(Account& account, FuturesOrder& order, const Level& level,
                                          FuturesFillType type, bool placed) {
  const Level taken{level.price, std::min(level.quantity, order.remaining())};
  const FuturesSettlement settlement = FuturesSettlement::of(order.product);
  const Decimal& percent = type == FuturesFillType::Maker ? account.terms.maker_percent : account.terms.taker_percent;
  const auto fee = money::percentage(settlement.value(taken.price, taken.quantity), percent, kFuturesPlaces);
  Filled out{.event = {.kind = FuturesEvent::Kind::Execution, .order = order, .placed = placed}, .bookings = {}};
  order.filled = plus(order.filled, taken.quantity);
  order.changed_at = timers_.now();
  FuturesFill made{.fill_id = new_id(),
                   .order_id = order.order_id,
                   .client_order_id = order.client_order_id,
                   .product = order.product,
                   .order_type = order.type,
                   .side = order.side,
                   .type = type,
                   .price = taken.price,
                   .quantity = taken.quantity,
                   .remaining = order.remaining(),
                   .fee = money::trimmed(fee.value_or(Decimal())),
                   .fee_currency = settlement.fee_currency,
                   .sequence = account.fill_count++,
                   .at = timers_.now()};
  FuturesPosition& position = account.positions[order.product];
  const FuturesPosition before = position;
  const Decimal profit = add_fill(position, order.side, taken, settlement);
  position.changed_at = timers_.now();
  book(account, made, before, profit, out.bookings);
  keep(account.fills, made);
  out.event.fill = std::move(made);
  if (order.remaining().is_zero()) end(account, order, "FULLY_EXECUTED");
  return out;
}

// The money moves, and both are written down.
void FuturesEngine::book(Account& account, const FuturesFill& fill, const FuturesPosition& before,
                         const Decimal& profit, std::vector<FuturesBooking>& out) {
  const FuturesSettlement settlement = FuturesSettlement::of(fill.product);
  auto& wallets = account.terms.wallets;
  auto& amounts = settlement.wallet.empty() ? wallets.flex : wallets.margin;
  Decimal& balance = amounts[settlement.wallet.empty() ? settlement.currency : settlement.wallet];
  const FuturesPosition& after = account.positions[fill.product];
  const WatchedTicker* const ticker = market_.ticker(fill.product);
  const auto lower = [](std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
  };
  FuturesBooking line{.id = ++account.booking_count,
                      .booking_uid = new_id(),
                      .asset = lower(fill.product),
                      .margin_account = settlement.wallet.empty() ? "flex" : lower(settlement.wallet),
                      .execution = fill.fill_id,
                      .old_balance = before.size,
                      .new_balance = after.size,
                      .old_entry_price = before.entry_price(settlement),
                      .new_entry_price = after.entry_price(settlement),
                      .trade_price = fill.price,
                      .mark_price = ticker != nullptr ? ticker->mark_price.value_or(Decimal()) : Decimal(),
                      .realized_profit = profit,
                      .fee = fill.fee,
                      .at = timers_.now()};
  out.push_back(line);
  line.id = ++account.booking_count;
  line.booking_uid = new_id();
  line.asset = lower(settlement.currency);
  line.old_balance = balance;
  balance = minus(plus(balance, profit), fill.fee);
  line.new_balance = balance;
  out.push_back(std::move(line));
  for (const FuturesBooking& one : out) keep(account.bookings, one);
}

// The market is in the middle of telling others: what follows from it is told behind them.
void FuturesEngine::on_market_event(const Event& event) {
  const bool interested = std::any_of(accounts_.begin(), accounts_.end(), [](const auto& one) {
    return !one.second.open.empty() || !one.second.positions.empty();
  });
  if (!interested) return;
  if (const auto* trade = std::get_if<Trade>(&event)) {
    if (!trade->snapshot) passed_.push_back({std::string(trade->symbol), trade->price, trade->quantity});
  } else if (const auto* ticker = std::get_if<Ticker>(&event)) {
    const bool noted = std::find(marked_.begin(), marked_.end(), ticker->symbol) != marked_.end();
    if (!noted && ticker->mark_price) marked_.emplace_back(ticker->symbol);
  }
  if (passed_.empty() && marked_.empty()) return;
  look_ = timers_.at(timers_.now(), [this](Timestamp) { look_at_the_market(); });
}

void FuturesEngine::look_at_the_market() {
  for (const Passed& trade : std::exchange(passed_, {})) fill_what_was_passed(trade);
  const std::vector<std::string> marked = std::exchange(marked_, {});
  std::vector<std::string> holders;
  for (const auto& [name, account] : accounts_) {
    const bool holds = std::any_of(marked.begin(), marked.end(), [&held = account.positions](const auto& product) {
      const auto found = held.find(product);
      return found != held.end() && !found->second.size.is_zero();
    });
    if (holds) holders.push_back(name);
  }
  for (const std::string& name : holders) {
    for (FuturesListener* listener : listeners_) listener->on_futures_marks(name);
  }
}

void FuturesEngine::fill_what_was_passed(const Passed& trade) {
  struct Passing {
    std::string account, order_id;
    Decimal price;
    Timestamp placed_at;
  };
  std::vector<Passing> all;
  for (const auto& [name, account] : accounts_) {
    for (const FuturesOrder& order : account.open) {
      if (order.product != trade.product) continue;
      const bool beyond = order.side == Side::Buy ? *order.limit_price > trade.price : *order.limit_price < trade.price;
      if (beyond) all.push_back({name, order.order_id, *order.limit_price, order.placed_at});
    }
  }
  // Buyers and sellers cannot both be beyond it, unless they cross each other: then either comes first.
  std::stable_sort(all.begin(), all.end(), [&trade](const Passing& a, const Passing& b) {
    const auto distance = [&trade](const Decimal& price) { return money::magnitude(minus(price, trade.price)); };
    if (a.price != b.price) return distance(a.price) > distance(b.price);
    return a.placed_at < b.placed_at;
  });
  Decimal left = trade.quantity;
  for (const Passing& one : all) {
    if (left.is_zero()) return;
    Account& account = at(one.account);
    const auto found = std::find_if(account.open.begin(), account.open.end(),
                                    [&one](const FuturesOrder& order) { return order.order_id == one.order_id; });
    if (found == account.open.end()) continue;
    const Decimal quantity = std::min(left, found->remaining());
    left = minus(left, quantity);
    Filled filled = fill(account, *found, {one.price, quantity}, FuturesFillType::Maker, true);
    if (found->remaining().is_zero()) account.open.erase(found);
    FuturesOutcome ignored;
    tell(one.account, std::move(filled), ignored);
  }
}

}  // namespace ktape
