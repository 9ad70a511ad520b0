#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "exchange/money.hpp"
#include "exchange/order_rules.hpp"
#include "exchange/resting_engine.hpp"

namespace ktape {
namespace {

constexpr std::string_view kUnknownOrder = "EOrder:Unknown order";

EngineAnswer refusal(std::string error) {
  EngineAnswer answer;
  answer.error = std::move(error);
  return answer;
}

// A request about one order fails as a whole if the order does.
EngineAnswer of_one(OrderOutcome outcome) {
  EngineAnswer answer;
  answer.error = std::exchange(outcome.error, {});
  if (answer.error.empty()) answer.orders.push_back(std::move(outcome));
  return answer;
}

std::size_t open_in(const std::vector<EngineOrder>& orders, std::string_view symbol) {
  return static_cast<std::size_t>(std::count_if(orders.begin(), orders.end(),
                                                [symbol](const EngineOrder& order) { return order.symbol == symbol; }));
}

Timestamp rounded_up(Timestamp at) {
  const auto down = floor_to(at, std::chrono::seconds(1));
  return down == at ? down : down + std::chrono::seconds(1);
}

}  // namespace

void RestingEngine::submit(AccountId account, const TradingRequest& request, Done done) {
  News news;
  const EngineAnswer answer = std::visit([&](const auto& one) { return handle(account, one, news); }, request);
  done(answer);
  tell(account, std::move(news));
}

EngineAnswer RestingEngine::handle(AccountId id, const AddOrder& add, News& news) {
  Account& account = at(id);
  const NewOrder& order = add.order;
  if (auto bad = order_rules::check_deadline(add.deadline, timers_.now())) return refusal(std::move(*bad));
  const bool validate_only = add.validate.value_or(false);
  if (!validate_only) {
    if (auto fast = charge(account, order.symbol, RateCounter::add_cost(), RateCounter::add_cost()); !fast.empty()) {
      return refusal(std::move(fast));
    }
    const int most = limits_of(account.terms.tier).max_open_orders;
    if (open_in(open_orders(id), order.symbol) >= static_cast<std::size_t>(most)) {
      return refusal("EOrder:Orders limit exceeded");
    }
  }
  if (validate_only) {
    if (auto objection = check_new(account, order)) return refusal(std::move(*objection));
    OrderOutcome outcome;
    outcome.client_order_id = order.client_order_id;
    outcome.user_reference = order.user_reference;
    return of_one(std::move(outcome));
  }
  return of_one(place(id, order, news));
}

EngineAnswer RestingEngine::handle(AccountId id, const BatchAdd& batch, News& news) {
  Account& account = at(id);
  if (auto bad = order_rules::check_deadline(batch.deadline, timers_.now())) return refusal(std::move(*bad));
  const int cost = RateCounter::batch_add_cost(batch.orders.size());
  if (auto fast = charge(account, batch.symbol, cost, cost); !fast.empty()) return refusal(std::move(fast));
  std::vector<NewOrder> orders = batch.orders;
  for (NewOrder& order : orders) {
    order.symbol = batch.symbol;
    if (auto objection = check_new(account, order)) return refusal(std::move(*objection));
  }
  EngineAnswer answer;
  const auto most = static_cast<std::size_t>(limits_of(account.terms.tier).max_open_orders);
  for (const NewOrder& order : orders) {
    OrderOutcome outcome;
    if (batch.validate.value_or(false)) {
      outcome.client_order_id = order.client_order_id;
      outcome.user_reference = order.user_reference;
    } else if (open_in(open_orders(id), order.symbol) >= most) {
      outcome.error = "EOrder:Orders limit exceeded";
    } else {
      outcome = place(id, order, news);
    }
    answer.orders.push_back(std::move(outcome));
  }
  return answer;
}

RestingEngine::Objection RestingEngine::check_amendment(Account& account, const Open& open, const AmendOrder& amend,
                                                        const EngineOrder& amended) {
  const PairTerms& pair = *market_.instruments().find_pair(amended.symbol);
  NewOrder as_new;
  as_new.order_type = amended.order_type;
  as_new.limit_price = amended.limit_price;
  as_new.post_only = amended.post_only;
  if (auto closed = order_rules::check_market(market_.system(), pair, as_new)) return closed;
  if (amend.limit_price) {
    if (auto bad = order_rules::check_price(*amend.limit_price, pair)) return bad;
    const auto levels = market_.levels(amended.symbol, amended.side == Side::Buy ? Side::Sell : Side::Buy);
    const bool takes = !levels.empty() && (amended.side == Side::Buy ? *amend.limit_price >= levels.front().price
                                                                     : *amend.limit_price <= levels.front().price);
    if (takes && amend.post_only.value_or(false)) return "EOrder:Post only order";
  }
  if (amend.quantity && *amend.quantity > amended.filled_quantity) {
    if (auto bad = order_rules::check_quantity(*amend.quantity, pair)) return bad;
  }
  if (amend.trigger_price) return "EGeneral:Invalid arguments:trigger_price";
  if (amend.display_quantity && amended.order_type != "iceberg") return "EGeneral:Invalid arguments:display_qty";
  if (const auto open_quantity = money::difference(amended.quantity, amended.filled_quantity)) {
    if (auto bad = order_rules::check_display(amended.display_quantity, *open_quantity)) return bad;
  }
  // What it holds already counts as available for what it needs now.
  const std::string& asset = amended.side == Side::Sell ? pair.base : pair.quote;
  account.ledger.hold(asset, money::negative(open.held));
  auto shortage = check_funds(account, pair, amended);
  account.ledger.hold(asset, open.held);
  return shortage;
}

EngineAnswer RestingEngine::handle(AccountId id, const AmendOrder& amend, News& news) {
  Account& account = at(id);
  if (auto bad = order_rules::check_deadline(amend.deadline, timers_.now())) return refusal(std::move(*bad));
  Open* const open = find(account, amend.order_id, amend.client_order_id);
  if (open == nullptr) return refusal(std::string(kUnknownOrder));
  const PairTerms& pair = *market_.instruments().find_pair(open->order.symbol);
  const Duration age = timers_.now() - open->order.changed_at;
  if (auto fast = charge(account, pair.symbol, RateCounter::amend_cost(age), RateCounter::add_cost()); !fast.empty()) {
    return refusal(std::move(fast));
  }
  EngineOrder amended = open->order;
  if (amend.limit_price) amended.limit_price = money::rounded(*amend.limit_price, pair.price_precision);
  if (amend.quantity) {
    amended.quantity = money::rounded(std::max(*amend.quantity, amended.filled_quantity), pair.quantity_precision)
                           .value_or(amended.quantity);
  }
  if (amend.display_quantity) {
    amended.display_quantity = money::rounded(*amend.display_quantity, pair.quantity_precision);
  }
  if (auto objection = check_amendment(account, *open, amend, amended)) return refusal(std::move(*objection));

  OrderOutcome outcome;
  outcome.amend_id = new_id('T');
  if (amend.client_order_id.empty()) {
    outcome.order_id = amended.order_id;
  } else {
    outcome.client_order_id = amended.client_order_id;
  }
  const Side side = amended.side;
  account.ledger.hold(side == Side::Sell ? pair.base : pair.quote, money::negative(open->held));
  if (!amended.client_order_id.empty()) account.by_client_id.erase(amended.client_order_id);
  account.open.erase(amended.order_id);
  amended.changed_at = timers_.now();
  news.push_back(OrderNews{OrderChange::Amended, amended, {}, "User requested", timers_.now()});
  if (amended.filled_quantity < amended.quantity) match(id, amended, pair, news);
  if (amended.filled_quantity < amended.quantity) {
    rest(id, std::move(amended), pair);
  } else if (amend.quantity && *amend.quantity < amended.filled_quantity) {
    close(account, std::move(amended), OrderChange::Canceled, "User requested", news);
  } else {
    close(account, std::move(amended), OrderChange::Filled, {}, news);
  }
  return of_one(std::move(outcome));
}

// The old way: cancels the order and places one like it.
EngineAnswer RestingEngine::handle(AccountId id, const EditOrder& edit, News& news) {
  Account& account = at(id);
  if (auto bad = order_rules::check_deadline(edit.deadline, timers_.now())) return refusal(std::move(*bad));
  Open* const open = find(account, edit.order_id, {});
  if (open == nullptr) return refusal(std::string(kUnknownOrder));
  const EngineOrder& old = open->order;
  if (old.symbol != edit.symbol) return refusal("EGeneral:Invalid arguments:symbol");
  if (!old.client_order_id.empty()) return refusal("EGeneral:Invalid arguments:cl_ord_id");
  if (edit.trigger) return refusal("EGeneral:Invalid arguments:triggers");
  const Duration age = timers_.now() - old.changed_at;
  if (auto fast = charge(account, old.symbol, RateCounter::edit_cost(age), RateCounter::add_cost()); !fast.empty()) {
    return refusal(std::move(fast));
  }
  const Decimal quantity = edit.quantity.value_or(old.quantity);
  if (quantity < old.filled_quantity) return refusal("EGeneral:Invalid arguments:volume");
  NewOrder order;
  order.order_type = old.order_type;
  order.side = old.side;
  order.symbol = old.symbol;
  order.quantity = quantity;
  order.limit_price = edit.limit_price ? edit.limit_price : old.limit_price;
  order.display_quantity = edit.display_quantity ? edit.display_quantity : old.display_quantity;
  order.time_in_force = old.time_in_force;
  if (old.expire_time) order.expire_time = format_rfc3339(*old.expire_time, 0);
  order.post_only = edit.post_only.value_or(old.post_only);
  order.user_reference = edit.user_reference;
  order.fee_preference = edit.fee_preference.empty() ? old.fee_preference : edit.fee_preference;
  if (auto objection = check_new(account, order)) return refusal(std::move(*objection));
  OrderOutcome outcome;
  outcome.original_order_id = old.order_id;
  if (edit.validate.value_or(false)) return of_one(std::move(outcome));
  // The funds are those that the old one gives back.
  News replacement;
  const EngineOrder kept = old;
  close_open(account, kept.order_id, OrderChange::Canceled, "Order replaced", replacement);
  OrderOutcome placed = place(id, order, replacement);
  if (!placed.error.empty()) {
    account.closed.pop_back();
    rest(id, kept, *market_.instruments().find_pair(kept.symbol));
    return refusal(std::move(placed.error));
  }
  placed.original_order_id = outcome.original_order_id;
  std::move(replacement.begin(), replacement.end(), std::back_inserter(news));
  return of_one(std::move(placed));
}

EngineAnswer RestingEngine::handle(AccountId id, const CancelOrder& cancel, News& news) {
  Account& account = at(id);
  EngineAnswer answer;
  for (const std::string& order_id : cancel.order_ids) {
    OrderOutcome outcome;
    outcome.order_id = order_id;
    outcome.error = cancel_one(account, find(account, order_id, {}), news);
    answer.orders.push_back(std::move(outcome));
  }
  for (const std::string& client_id : cancel.client_order_ids) {
    OrderOutcome outcome;
    outcome.client_order_id = client_id;
    outcome.error = cancel_one(account, find(account, {}, client_id), news);
    answer.orders.push_back(std::move(outcome));
  }
  // A user reference names all orders that have it, and each is answered for.
  for (const std::int64_t reference : cancel.user_references) {
    bool known = false;
    for (const EngineOrder& order : open_orders(id)) {
      if (order.user_reference != reference) continue;
      known = true;
      OrderOutcome outcome;
      outcome.order_id = order.order_id;
      outcome.error = cancel_one(account, find(account, order.order_id, {}), news);
      answer.orders.push_back(std::move(outcome));
    }
    if (known) continue;
    OrderOutcome outcome;
    outcome.user_reference = reference;
    outcome.error = kUnknownOrder;
    answer.orders.push_back(std::move(outcome));
  }
  answer.count = std::count_if(answer.orders.begin(), answer.orders.end(),
                               [](const OrderOutcome& outcome) { return outcome.error.empty(); });
  return answer;
}

std::size_t RestingEngine::cancel_all(Account& account, const std::string& reason, News& news) {
  std::vector<std::pair<std::uint64_t, std::string>> all;
  for (const auto& [order_id, open] : account.open) all.emplace_back(open.number, order_id);
  std::sort(all.begin(), all.end());
  for (const auto& [number, order_id] : all) close_open(account, order_id, OrderChange::Canceled, reason, news);
  return all.size();
}

EngineAnswer RestingEngine::handle(AccountId id, const CancelAll& /*cancel*/, News& news) {
  if (auto closed = order_rules::check_system_for_cancel(market_.system())) return refusal(std::move(*closed));
  EngineAnswer answer;
  answer.count = static_cast<std::int64_t>(cancel_all(at(id), "User requested", news));
  return answer;
}

EngineAnswer RestingEngine::handle(AccountId id, const CancelAllOrdersAfter& after, News& /*news*/) {
  Account& account = at(id);
  EngineAnswer answer;
  answer.current_time = rounded_up(timers_.now());
  account.dead_man_armed = after.timeout_seconds != 0;
  if (!account.dead_man_armed) {
    account.dead_man = Timer();
    return answer;
  }
  answer.trigger_time = *answer.current_time + std::chrono::seconds(after.timeout_seconds);
  account.dead_man = timers_.at(*answer.trigger_time, [this, id](Timestamp) {
    // In maintenance nothing is cancelled: it stays armed until the market is back.
    if (market_.system() != "maintenance") fire_dead_man(id);
  });
  return answer;
}

void RestingEngine::fire_dead_man(AccountId id) {
  Account& account = at(id);
  account.dead_man_armed = false;
  News cancelled;
  cancel_all(account, "CancelAllOrdersAfter Timeout", cancelled);
  tell(id, std::move(cancelled));
}

void RestingEngine::on_system(std::string_view system) {
  const bool was_in_maintenance = std::exchange(in_maintenance_, system == "maintenance");
  if (!was_in_maintenance || in_maintenance_) return;
  for (std::uint32_t id = 1; id <= accounts_.size(); ++id) {
    Account& account = at(AccountId{id});
    if (!account.dead_man_armed) continue;
    account.dead_man = Timer();
    fire_dead_man(AccountId{id});
  }
}

EngineAnswer RestingEngine::handle(AccountId id, const BatchCancel& batch, News& news) {
  Account& account = at(id);
  if (auto closed = order_rules::check_system_for_cancel(market_.system())) return refusal(std::move(*closed));
  std::vector<std::string> order_ids;
  for (const std::string& name : batch.order_ids) {
    if (account.open.contains(name)) order_ids.push_back(name);
    for (const EngineOrder& order : open_orders(id)) {
      if (order.user_reference && std::to_string(*order.user_reference) == name) order_ids.push_back(order.order_id);
    }
  }
  for (const std::string& name : batch.client_order_ids) {
    if (const Open* const open = find(account, {}, name)) order_ids.push_back(open->order.order_id);
  }
  std::int64_t count = 0;
  for (const std::string& order_id : order_ids) {
    const auto found = account.open.find(order_id);
    if (found == account.open.end()) continue;  // named twice
    const EngineOrder& order = found->second.order;
    // A batch that goes beyond the threshold is taken all the same.
    if (options_.check_rates) {
      account.rates.try_emplace(order.symbol, limits_of(account.terms.tier))
          .first->second.force(timers_.now(), RateCounter::cancel_cost(timers_.now() - order.changed_at));
    }
    close_open(account, order_id, OrderChange::Canceled, "User requested", news);
    ++count;
  }
  EngineAnswer answer;
  answer.count = count;
  if (count == 0) answer.error = kUnknownOrder;
  return answer;
}

}  // namespace ktape
