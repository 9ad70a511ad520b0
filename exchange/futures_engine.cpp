#include "exchange/futures_engine.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "exchange/money.hpp"

namespace ktape {
namespace {

constexpr std::size_t kMaxOpenOrders = 1000;
constexpr std::size_t kMaxClientIdBytes = 100;

bool is_negative(const Decimal& value) { return value < Decimal(); }

// The same direction, or from nothing.
bool builds_up(const Decimal& size, Side side) { return size.is_zero() || is_negative(size) == (side == Side::Sell); }

bool rests(const FuturesOrder& order) { return order.type == "lmt" || order.type == "post"; }

template <class Orders>
auto find_order(Orders& orders, std::string_view order_id, std::string_view client_order_id) {
  return std::find_if(orders.begin(), orders.end(), [&](const FuturesOrder& order) {
    if (!order_id.empty()) return order.order_id == order_id;
    return !client_order_id.empty() && order.client_order_id == client_order_id;
  });
}

Decimal plus(const Decimal& a, const Decimal& b) { return money::trimmed(money::sum(a, b).value_or(a)); }

}  // namespace

Decimal FuturesOrder::remaining() const { return money::difference(quantity, filled).value_or(Decimal()); }

FuturesEngine::FuturesEngine(TimerService& timers, MarketWatch& market, const std::vector<FuturesTerms>& accounts,
                             std::uint64_t seed)
    : timers_(timers), market_(market), random_(seed) {
  for (const FuturesTerms& terms : accounts) accounts_[terms.account].terms = terms;
  market_.add_listener(*this);
}

FuturesEngine::Account& FuturesEngine::at(std::string_view account) {
  const auto found = accounts_.find(account);
  return found != accounts_.end() ? found->second : accounts_[std::string(account)];
}

const FuturesEngine::Account* FuturesEngine::find(std::string_view account) const {
  const auto found = accounts_.find(account);
  return found == accounts_.end() ? nullptr : &found->second;
}

// A UUID of version 4.
std::string FuturesEngine::new_id() {
  const std::uint64_t high = random_.next();
  const std::uint64_t low = random_.next();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32U, high >> 16U & 0xFFFFU, high & 0xFFFU,
                     (low >> 48U & 0x3FFFU) | 0x8000U, low & 0xFFFF'FFFF'FFFFU);
}

std::string FuturesEngine::objection(Account& account, const NewFuturesOrder& order, bool known) const {
  static constexpr std::array<std::string_view, 4> kTypes{"lmt", "post", "ioc", "mkt"};
  if (!known) return "marketInactive";
  if (market_.system() == "maintenance") return "marketSuspended";
  if (std::find(kTypes.begin(), kTypes.end(), order.type) == kTypes.end()) return "invalidOrderType";
  if (!order.side) return "invalidSide";
  if (!order.quantity || *order.quantity <= Decimal()) return "invalidSize";
  const bool needs_price = order.type == "lmt" || order.type == "post";
  if (needs_price && !order.limit_price) return "invalidPrice";
  if (order.limit_price && *order.limit_price <= Decimal()) return "invalidPrice";
  if (order.client_order_id.size() > kMaxClientIdBytes) return "clientOrderIdTooLong";
  if (account.open.size() >= kMaxOpenOrders) return "tooManySmallOrders";
  if (find_order(account.open, {}, order.client_order_id) != account.open.end()) return "clientOrderIdAlreadyExist";
  if (order.reduce_only) {
    const auto held = account.positions.find(order.product);
    if (held == account.positions.end() || held->second.size.is_zero() || builds_up(held->second.size, *order.side)) {
      return "wouldNotReducePosition";
    }
  }
  return {};
}

// What the other side displays within the limit.
std::vector<Level> FuturesEngine::takeable(std::string_view product, Side side,
                                           const std::optional<Decimal>& limit) const {
  const bool buys = side == Side::Buy;
  std::vector<Level> levels = market_.levels(product, buys ? Side::Sell : Side::Buy);
  if (!limit) return levels;
  const auto beyond = std::find_if(levels.begin(), levels.end(), [&](const Level& level) {
    return buys ? level.price > *limit : level.price < *limit;
  });
  levels.erase(beyond, levels.end());
  return levels;
}

void FuturesEngine::tell(std::string_view account, FuturesEvent event, FuturesOutcome& out) {
  out.events.push_back(event);
  for (FuturesListener* listener : listeners_) listener->on_futures_event(account, event);
}

void FuturesEngine::tell(std::string_view account, Filled filled, FuturesOutcome& out) {
  tell(account, std::move(filled.event), out);
  for (const FuturesBooking& booking : filled.bookings) {
    for (FuturesListener* listener : listeners_) listener->on_futures_booking(account, booking);
  }
}

FuturesOutcome FuturesEngine::send(std::string_view name, const NewFuturesOrder& wanted, bool known) {
  look_at_the_market();
  Account& account = at(name);
  if (std::string refused = objection(account, wanted, known); !refused.empty()) return {.status = std::move(refused)};
  FuturesOrder order{.order_id = new_id(),
                     .client_order_id = wanted.client_order_id,
                     .product = wanted.product,
                     .side = *wanted.side,
                     .type = wanted.type,
                     .limit_price = wanted.limit_price,
                     .quantity = *wanted.quantity,
                     .reduce_only = wanted.reduce_only,
                     .placed_at = timers_.now(),
                     .changed_at = timers_.now()};
  if (order.reduce_only) {
    order.quantity = std::min(order.quantity, money::magnitude(account.positions[order.product].size));
  }
  FuturesOutcome out{.status = "placed", .order_id = order.order_id};
  const auto levels =
      takeable(order.product, order.side, order.type == "mkt" ? std::nullopt : std::optional(order.limit_price));
  const auto reject = [&](std::string_view status, std::string_view reason) {
    out.status = status;
    end(account, order, "REJECTED");
    tell(name, FuturesEvent{.kind = FuturesEvent::Kind::Reject, .order = order, .reason = std::string(reason)}, out);
    return out;
  };
  if (order.type == "post" && !levels.empty()) return reject("postWouldExecute", "POST_WOULD_EXECUTE");
  if (!rests(order) && levels.empty()) return reject("iocWouldNotExecute", "IOC_WOULD_NOT_EXECUTE");

  Decimal displayed;
  for (const Level& level : levels) displayed = plus(displayed, level.quantity);
  // One that fills on arrival never rests, and is told by its fills alone (futures-v1 section 5.1).
  const bool placed = rests(order) && displayed < order.quantity;
  const FuturesOrder born = order;
  std::vector<Filled> filled;
  for (const Level& level : levels) {
    if (order.remaining().is_zero()) break;
    filled.push_back(fill(account, order, level, FuturesFillType::Taker, placed));
  }
  const bool over = order.remaining().is_zero();
  if (!over && rests(order)) account.open.push_back(order);
  if (!over && !rests(order)) end(account, order, "CANCELLED");
  // All of it is done before anybody is told.
  if (placed) tell(name, FuturesEvent{.kind = FuturesEvent::Kind::Place, .order = born}, out);
  for (Filled& one : filled) tell(name, std::move(one), out);
  if (!over && !rests(order)) {
    // It was never told to be there.
    out.events.push_back({.kind = FuturesEvent::Kind::Cancel,
                          .order = order,
                          .reason = "ioc_order_failed_because_it_would_not_be_executed"});
  }
  return out;
}

FuturesOutcome FuturesEngine::edit(std::string_view name, const FuturesEdit& wanted) {
  look_at_the_market();
  Account& account = at(name);
  const auto found = find_order(account.open, wanted.order_id, wanted.client_order_id);
  if (found == account.open.end()) return {.status = "orderForEditNotFound", .order_id = wanted.order_id};
  const FuturesOrder before = *found;
  FuturesOutcome out{.status = "edited", .order_id = before.order_id};
  FuturesOrder order = before;
  if (wanted.quantity) order.quantity = *wanted.quantity;
  if (wanted.limit_price) order.limit_price = wanted.limit_price;
  order.changed_at = timers_.now();
  if (order.quantity <= order.filled) return {.status = "invalidSize", .order_id = before.order_id};
  if (*order.limit_price <= Decimal()) return {.status = "invalidPrice", .order_id = before.order_id};
  const auto levels = takeable(order.product, order.side, order.limit_price);
  if (order.type == "post" && !levels.empty()) return {.status = "postWouldExecute", .order_id = before.order_id};
  FuturesEvent edited{.kind = FuturesEvent::Kind::Edit, .order = before, .edited = order};
  std::vector<Filled> filled;
  for (const Level& level : levels) {
    if (order.remaining().is_zero()) break;
    filled.push_back(fill(account, order, level, FuturesFillType::TakerAfterEdit, true));
  }
  if (order.remaining().is_zero()) {
    account.open.erase(found);
  } else {
    *found = order;
  }
  tell(name, std::move(edited), out);
  for (Filled& one : filled) tell(name, std::move(one), out);
  return out;
}

FuturesOutcome FuturesEngine::cancel(std::string_view name, std::string_view order_id,
                                     std::string_view client_order_id) {
  look_at_the_market();
  Account& account = at(name);
  const auto found = find_order(account.open, order_id, client_order_id);
  if (found == account.open.end()) return {.status = "notFound", .order_id = std::string(order_id)};
  FuturesEvent event{.kind = FuturesEvent::Kind::Cancel, .order = std::move(*found), .reason = "cancelled_by_user"};
  account.open.erase(found);
  end(account, event.order, "CANCELLED");
  FuturesOutcome out{.status = "cancelled", .order_id = event.order.order_id};
  tell(name, std::move(event), out);
  return out;
}

FuturesOutcome FuturesEngine::cancel_all(std::string_view name, std::string_view product, std::string_view reason) {
  look_at_the_market();
  Account& account = at(name);
  std::vector<FuturesOrder> gone;
  for (auto one = account.open.begin(); one != account.open.end();) {
    if (!product.empty() && one->product != product) {
      ++one;
      continue;
    }
    end(account, *one, "CANCELLED");
    gone.push_back(std::move(*one));
    one = account.open.erase(one);
  }
  FuturesOutcome out{.status = gone.empty() ? "noOrdersToCancel" : "cancelled"};
  for (FuturesOrder& order : gone) {
    tell(name,
         FuturesEvent{.kind = FuturesEvent::Kind::Cancel, .order = std::move(order), .reason = std::string(reason)},
         out);
  }
  return out;
}

void FuturesEngine::cancel_all_after(std::string_view name, Duration span) {
  Account& account = at(name);
  account.dead_man = Timer();
  if (span <= Duration::zero()) return;
  account.dead_man = timers_.at(timers_.now() + span, [this, account_name = std::string(name)](Timestamp) {
    cancel_all(account_name, {}, "dead_man_switch");
  });
}

std::vector<FuturesOrder> FuturesEngine::open_orders(std::string_view account) const {
  const Account* const found = find(account);
  return found == nullptr ? std::vector<FuturesOrder>() : found->open;
}

std::vector<EndedFuturesOrder> FuturesEngine::ended_orders(std::string_view account) const {
  const Account* const found = find(account);
  if (found == nullptr) return {};
  return {found->ended.begin(), found->ended.end()};
}

std::vector<FuturesFill> FuturesEngine::fills(std::string_view account) const {
  const Account* const found = find(account);
  if (found == nullptr) return {};
  return {found->fills.begin(), found->fills.end()};
}

std::vector<FuturesBooking> FuturesEngine::bookings(std::string_view account) const {
  const Account* const found = find(account);
  if (found == nullptr) return {};
  return {found->bookings.begin(), found->bookings.end()};
}

std::map<std::string, FuturesPosition, std::less<>> FuturesEngine::positions(std::string_view account) const {
  std::map<std::string, FuturesPosition, std::less<>> held;
  if (const Account* const found = find(account)) {
    for (const auto& [product, position] : found->positions) {
      if (!position.size.is_zero()) held.emplace(product, position);
    }
  }
  return held;
}

FuturesWallets FuturesEngine::wallets(std::string_view account) const {
  const Account* const found = find(account);
  return found == nullptr ? FuturesWallets() : found->terms.wallets;
}

}  // namespace ktape
