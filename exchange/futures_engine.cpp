#include "exchange/futures_engine.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "exchange/money.hpp"

namespace ktape {
namespace {

constexpr std::size_t kMaxFills = 1000;
constexpr std::size_t kMaxOpenOrders = 1000;
constexpr std::size_t kMaxClientIdBytes = 100;
constexpr int kEntryPlaces = 10;

Decimal signed_size(Side side, const Decimal& quantity) {
  return side == Side::Buy ? quantity : money::negative(quantity);
}

bool is_negative(const Decimal& value) { return value < Decimal(); }

// The same direction, or from nothing.
bool builds_up(const Decimal& size, Side side) { return size.is_zero() || is_negative(size) == (side == Side::Sell); }

Decimal magnitude(const Decimal& value) { return is_negative(value) ? money::negative(value) : value; }

void add_to(FuturesPosition& position, Side side, const Level& taken, Timestamp at) {
  const Decimal before = position.size;
  const Decimal after = money::sum(before, signed_size(side, taken.quantity)).value_or(before);
  if (builds_up(before, side)) {
    const auto held = money::product(position.entry_price, magnitude(before));
    const auto added = money::product(taken.price, taken.quantity);
    const auto cost = held && added ? money::sum(*held, *added) : std::nullopt;
    const auto mean = cost ? money::quotient(*cost, magnitude(after), kEntryPlaces) : std::nullopt;
    position.entry_price = mean.value_or(taken.price);
  } else if (!after.is_zero() && is_negative(after) != is_negative(before)) {
    position.entry_price = taken.price;  // turned round
  }
  position.size = after;
  position.changed_at = at;
}

}  // namespace

Decimal FuturesOrder::remaining() const { return money::difference(quantity, filled).value_or(Decimal()); }

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
  const bool used = std::any_of(account.open.begin(), account.open.end(), [&](const FuturesOrder& one) {
    return !order.client_order_id.empty() && one.client_order_id == order.client_order_id;
  });
  if (used) return "clientOrderIdAlreadyExist";
  if (order.reduce_only) {
    const auto held = account.positions.find(order.product);
    if (held == account.positions.end() || held->second.size.is_zero() || builds_up(held->second.size, *order.side)) {
      return "wouldNotReducePosition";
    }
  }
  return {};
}

// What the other side displays within the order's limit.
std::vector<Level> FuturesEngine::takeable(const NewFuturesOrder& order) const {
  const bool buys = *order.side == Side::Buy;
  std::vector<Level> levels = market_.levels(order.product, buys ? Side::Sell : Side::Buy);
  if (order.type == "mkt" || !order.limit_price) return levels;
  const auto beyond = std::find_if(levels.begin(), levels.end(), [&](const Level& level) {
    return buys ? level.price > *order.limit_price : level.price < *order.limit_price;
  });
  levels.erase(beyond, levels.end());
  return levels;
}

void FuturesEngine::tell(std::string_view account, FuturesEvent event, FuturesOutcome& out) {
  out.events.push_back(event);
  for (FuturesListener* listener : listeners_) listener->on_futures_event(account, event);
}

void FuturesEngine::fill(std::string_view name, FuturesOrder& order, const Level& level, bool placed,
                         FuturesOutcome& out) {
  Account& account = at(name);
  const Level taken{level.price, std::min(level.quantity, order.remaining())};
  FuturesEvent event{.kind = FuturesEvent::Kind::Execution, .order = order, .placed = placed};
  order.filled = money::sum(order.filled, taken.quantity).value_or(order.filled);
  order.changed_at = timers_.now();
  FuturesFill made{.fill_id = new_id(),
                   .order_id = order.order_id,
                   .client_order_id = order.client_order_id,
                   .product = order.product,
                   .order_type = order.type,
                   .side = order.side,
                   .price = taken.price,
                   .quantity = taken.quantity,
                   .remaining = order.remaining(),
                   .sequence = account.fill_count++,
                   .at = timers_.now()};
  add_to(account.positions[order.product], order.side, taken, timers_.now());
  account.fills.push_back(made);
  if (account.fills.size() > kMaxFills) account.fills.pop_front();
  event.fill = std::move(made);
  tell(name, std::move(event), out);
}

FuturesOutcome FuturesEngine::send(std::string_view name, const NewFuturesOrder& wanted, bool known) {
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
  if (order.reduce_only) order.quantity = std::min(order.quantity, magnitude(account.positions[order.product].size));
  FuturesOutcome out{.status = "placed", .order_id = order.order_id};
  const std::vector<Level> levels = takeable(wanted);
  const bool rests = order.type == "lmt" || order.type == "post";
  const auto reject = [&](std::string_view status, std::string_view reason) {
    out.status = status;
    FuturesEvent event{.kind = FuturesEvent::Kind::Reject, .order = order};
    event.reason = reason;
    tell(name, std::move(event), out);
    return out;
  };
  if (order.type == "post" && !levels.empty()) return reject("postWouldExecute", "POST_WOULD_EXECUTE");
  if (!rests && levels.empty()) return reject("iocWouldNotExecute", "IOC_WOULD_NOT_EXECUTE");

  Decimal displayed;
  for (const Level& level : levels) displayed = money::sum(displayed, level.quantity).value_or(displayed);
  // One that fills on arrival never rests, and is told by its fills alone (futures-v1 section 5.1).
  const bool placed = rests && displayed < order.quantity;
  if (placed) tell(name, {.kind = FuturesEvent::Kind::Place, .order = order}, out);
  for (const Level& level : levels) {
    if (order.remaining().is_zero()) break;
    fill(name, order, level, placed, out);
  }
  if (order.remaining().is_zero()) return out;
  if (rests) {
    at(name).open.push_back(std::move(order));
  } else {
    FuturesEvent event{.kind = FuturesEvent::Kind::Cancel, .order = order};
    event.reason = "ioc_order_failed_because_it_would_not_be_executed";
    out.events.push_back(std::move(event));  // it was never told to be there
  }
  return out;
}

FuturesOutcome FuturesEngine::cancel(std::string_view name, std::string_view order_id,
                                     std::string_view client_order_id) {
  Account& account = at(name);
  const auto found = std::find_if(account.open.begin(), account.open.end(), [&](const FuturesOrder& order) {
    return order_id.empty() ? order.client_order_id == client_order_id : order.order_id == order_id;
  });
  const bool named = !order_id.empty() || !client_order_id.empty();
  if (!named || found == account.open.end()) return {.status = "notFound", .order_id = std::string(order_id)};
  FuturesEvent event{.kind = FuturesEvent::Kind::Cancel, .order = std::move(*found)};
  event.reason = "cancelled_by_user";
  account.open.erase(found);
  FuturesOutcome out{.status = "cancelled", .order_id = event.order.order_id};
  tell(name, std::move(event), out);
  return out;
}

FuturesOutcome FuturesEngine::cancel_all(std::string_view name, std::string_view product, std::string_view reason) {
  Account& account = at(name);
  std::vector<FuturesOrder> gone;
  for (auto one = account.open.begin(); one != account.open.end();) {
    if (!product.empty() && one->product != product) {
      ++one;
      continue;
    }
    gone.push_back(std::move(*one));
    one = account.open.erase(one);
  }
  FuturesOutcome out{.status = gone.empty() ? "noOrdersToCancel" : "cancelled"};
  for (FuturesOrder& order : gone) {
    FuturesEvent event{.kind = FuturesEvent::Kind::Cancel, .order = std::move(order)};
    event.reason = reason;
    tell(name, std::move(event), out);
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

std::vector<FuturesFill> FuturesEngine::fills(std::string_view account) const {
  const Account* const found = find(account);
  if (found == nullptr) return {};
  return {found->fills.begin(), found->fills.end()};
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

}  // namespace ktape
