#include "core/client/account.hpp"

#include <fmt/format.h>

namespace ktape {
namespace {

// Futures writes its feeds in another way than streams are called.
std::string_view stream_name(std::string_view channel) { return channel == "open_orders" ? "openOrders" : channel; }

bool tells_orders(std::string_view channel) {
  return channel == "executions" || channel == "openOrders" || channel == "open_orders_verbose";
}
bool tells_balances(std::string_view channel) {
  return channel == "balances" || channel == "account_balances_and_margins";
}

}  // namespace

void Account::Feed::change(std::string_view name, const StreamStateChange& change) {
  const bool none = channel.empty() || state.state == StreamState::Ended || state.state == StreamState::Dead;
  if (none && change.state != StreamState::Ended) {
    if (channel != name) whole = false;
    channel = name;
  }
  if (!hears(name)) return;
  switch (change.state) {
    case StreamState::Live:
      stands = true;
      return settle();
    case StreamState::Stale:
      break;
    default:
      stands = false;
      whole = false;
  }
  state = {change.state, std::string(change.reason)};
}

void Account::Feed::told(bool snapshot) {
  if (!snapshot) return;
  whole = true;
  if (stands && state.state != StreamState::Stale) settle();
}

void Account::Feed::missed(const SequenceGap& gap) {
  whole = false;
  state = {StreamState::Recovering, fmt::format("messages {} to {} are missing", gap.expected, gap.received - 1)};
}

// Told before the streams tell it of themselves: whoever hears of the loss must not find them live.
void Account::Feed::lost() {
  if (!stands) return;
  stands = false;
  whole = false;
  state = {StreamState::Recovering, "the connection is down"};
}

// The exchange has confirmed the stream.
void Account::Feed::settle() {
  state = whole ? AccountState{StreamState::Live, {}} : AccountState{StreamState::Recovering, "waits for a snapshot"};
}

Result<void> Account::take(const Event& event) {
  return std::visit([this](const auto& what) { return take(what); }, event);
}

Result<void> Account::take(const OrderReports& reports) {
  if (!order_feed_.hears(stream_name(reports.channel))) return {};
  auto applied = orders_.apply(reports, clock_.now());
  order_feed_.told(reports.snapshot);
  return applied;
}

Result<void> Account::take(const BalanceReports& reports) {
  if (!balance_feed_.hears(reports.channel)) return {};
  auto applied = balances_.apply(reports);
  balance_feed_.told(reports.snapshot);
  return applied;
}

Result<void> Account::take(const StreamStateChange& change) {
  const std::string_view name = stream_name(change.channel);
  if (tells_orders(name)) order_feed_.change(name, change);
  if (tells_balances(name)) balance_feed_.change(name, change);
  return {};
}

Result<void> Account::take(const SequenceGap& gap) {
  if (order_feed_.hears(stream_name(gap.channel))) order_feed_.missed(gap);
  if (balance_feed_.hears(gap.channel)) balance_feed_.missed(gap);
  return {};
}

Result<void> Account::take(const LinkChange& change) {
  if (change.state != LinkState::Down) return {};
  order_feed_.lost();
  balance_feed_.lost();
  return {};
}

}  // namespace ktape
